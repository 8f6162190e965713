"""appointments."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "appointments_rule",
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("horizon_days", sa.SmallInteger(), nullable=False),
        sa.Column("expert_horizon_days", sa.SmallInteger(), nullable=False),
        sa.Column("release_time", sa.Time(), nullable=False),
        sa.Column("close_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("cancel_days", sa.SmallInteger(), nullable=False),
        sa.Column("cancel_time", sa.Time(), nullable=False),
        sa.Column("day_limit", sa.SmallInteger(), nullable=False),
        sa.Column("active_limit", sa.SmallInteger(), nullable=False),
        sa.Column("slot_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("morning_from", sa.Time(), nullable=False),
        sa.Column("morning_until", sa.Time(), nullable=False),
        sa.Column("afternoon_from", sa.Time(), nullable=False),
        sa.Column("afternoon_until", sa.Time(), nullable=False),
        sa.CheckConstraint(
            "close_minutes >= 0 AND cancel_days >= 0", name=op.f("ck_appointments_rule_deadlines")
        ),
        sa.CheckConstraint(
            "day_limit >= 1 AND active_limit >= day_limit", name=op.f("ck_appointments_rule_limits")
        ),
        sa.CheckConstraint(
            "expert_horizon_days BETWEEN 1 AND 60", name=op.f("ck_appointments_rule_expert_horizon")
        ),
        sa.CheckConstraint(
            "horizon_days BETWEEN 1 AND 60", name=op.f("ck_appointments_rule_horizon")
        ),
        sa.CheckConstraint(
            "morning_from < morning_until AND morning_until <= afternoon_from"
            " AND afternoon_from < afternoon_until",
            name=op.f("ck_appointments_rule_hours"),
        ),
        sa.CheckConstraint(
            "slot_minutes BETWEEN 5 AND 60", name=op.f("ck_appointments_rule_slot_minutes")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_appointments_rule_institution_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_appointments_rule")),
    )
    op.create_table(
        "appointments_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=False),
        sa.Column("department_name", sa.Text(), nullable=False),
        sa.Column("department_name_en", sa.Text(), nullable=True),
        sa.Column("clinic_name", sa.Text(), nullable=False),
        sa.Column("doctor_title", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("half_day", sa.Text(), nullable=False),
        sa.Column("fee_fen", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "half_day IN ('morning', 'afternoon')", name=op.f("ck_appointments_session_half_day")
        ),
        sa.CheckConstraint(
            "kind IN ('general', 'specialist', 'expert')", name=op.f("ck_appointments_session_kind")
        ),
        sa.CheckConstraint("fee_fen >= 0", name=op.f("ck_appointments_session_fee")),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["directory_department.id"],
            name=op.f("fk_appointments_session_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["appointments_rule.institution_id"],
            name=op.f("fk_appointments_session_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["directory_staff.id"], name=op.f("fk_appointments_session_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_session")),
        sa.UniqueConstraint(
            "department_id",
            "clinic_name",
            "date",
            "half_day",
            name="uq_appointments_session_clinic_half_day",
        ),
        sa.UniqueConstraint(
            "staff_id", "date", "half_day", name="uq_appointments_session_doctor_half_day"
        ),
    )
    op.create_table(
        "appointments_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("clinic_name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("half_day", sa.Text(), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), nullable=False),
        sa.Column("fee_fen", sa.Integer(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "half_day IN ('morning', 'afternoon')", name=op.f("ck_appointments_template_half_day")
        ),
        sa.CheckConstraint(
            "kind IN ('general', 'specialist', 'expert')",
            name=op.f("ck_appointments_template_kind"),
        ),
        sa.CheckConstraint(
            "capacity BETWEEN 1 AND 200", name=op.f("ck_appointments_template_capacity")
        ),
        sa.CheckConstraint("fee_fen >= 0", name=op.f("ck_appointments_template_fee")),
        sa.CheckConstraint(
            "num_nonnulls(staff_id, clinic_name) = 1",
            name=op.f("ck_appointments_template_doctor_or_clinic"),
        ),
        sa.CheckConstraint(
            "weekday BETWEEN 1 AND 7", name=op.f("ck_appointments_template_weekday")
        ),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["directory_department.id"],
            name=op.f("fk_appointments_template_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["appointments_rule.institution_id"],
            name=op.f("fk_appointments_template_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["directory_staff.id"], name=op.f("fk_appointments_template_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_template")),
        sa.UniqueConstraint(
            "department_id",
            "clinic_name",
            "weekday",
            "half_day",
            name="uq_appointments_template_clinic_half_day",
        ),
        sa.UniqueConstraint(
            "staff_id", "weekday", "half_day", name="uq_appointments_template_doctor_half_day"
        ),
    )
    op.create_table(
        "appointments_slot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), nullable=False),
        sa.Column("remaining", sa.SmallInteger(), nullable=False),
        sa.Column("issued", sa.SmallInteger(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancel_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "issued >= capacity - remaining", name=op.f("ck_appointments_slot_issued")
        ),
        sa.CheckConstraint(
            "remaining BETWEEN 0 AND capacity", name=op.f("ck_appointments_slot_remaining")
        ),
        sa.CheckConstraint(
            "starts_at < ends_at AND opens_at < closes_at", name=op.f("ck_appointments_slot_order")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["appointments_session.id"],
            name=op.f("fk_appointments_slot_session_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_slot")),
        sa.UniqueConstraint(
            "session_id", "starts_at", name=op.f("uq_appointments_slot_session_id_starts_at")
        ),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "ix_appointments_slot_department_id_date",
        "appointments_slot",
        ["department_id", "date"],
        unique=False,
    )
    op.create_table(
        "appointments_booking",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)",
            name=op.f("ck_appointments_booking_cancelled"),
        ),
        sa.CheckConstraint(
            "state IN ('booked', 'cancelled', 'attended', 'no_show')",
            name=op.f("ck_appointments_booking_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_appointments_booking_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_appointments_booking_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["slot_id"], ["appointments_slot.id"], name=op.f("fk_appointments_booking_slot_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_booking")),
        sa.UniqueConstraint(
            "slot_id", "number", name=op.f("uq_appointments_booking_slot_id_number")
        ),
    )
    op.create_index(
        "ix_appointments_booking_date_institution_id",
        "appointments_booking",
        ["date", "institution_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        "ix_appointments_booking_person_id_starts_at",
        "appointments_booking",
        ["person_id", "starts_at"],
        unique=False,
    )
    op.create_index(
        "uq_appointments_booking_person_department_day",
        "appointments_booking",
        ["person_id", "department_id", "date"],
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index(
        "uq_appointments_booking_person_department_day",
        table_name="appointments_booking",
        postgresql_where=sa.text("state <> 'cancelled'"),
    )
    op.drop_index("ix_appointments_booking_person_id_starts_at", table_name="appointments_booking")
    op.drop_index("ix_appointments_booking_date_institution_id", table_name="appointments_booking")
    op.drop_table("appointments_booking")
    op.drop_index("ix_appointments_slot_department_id_date", table_name="appointments_slot")
    op.drop_table("appointments_slot")
    op.drop_table("appointments_template")
    op.drop_table("appointments_session")
    op.drop_table("appointments_rule")
