"""appointments: referrals up and down, and their steps."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "appointments_referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("from_team_id", sa.Uuid(), nullable=True),
        sa.Column("from_institution_id", sa.Uuid(), nullable=False),
        sa.Column("from_division", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("to_team_id", sa.Uuid(), nullable=True),
        sa.Column("to_institution_id", sa.Uuid(), nullable=False),
        sa.Column("to_department_id", sa.Uuid(), nullable=True),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("department_name", sa.Text(), nullable=True),
        sa.Column("department_name_en", sa.Text(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_institution_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_department_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_slot_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("summary", sa.LargeBinary(), nullable=False),
        sa.Column("medicines", sa.LargeBinary(), nullable=True),
        sa.Column("watch", sa.LargeBinary(), nullable=True),
        sa.Column("next_check", sa.Date(), nullable=True),
        sa.Column("criteria", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "CASE direction WHEN 'up' THEN from_team_id IS NOT NULL AND to_department_id IS NOT NULL AND to_team_id IS NULL ELSE from_team_id IS NULL AND to_department_id IS NULL AND booking_id IS NULL AND num_nonnulls(medicines, watch, next_check) = 3 END",
            name=op.f("ck_appointments_referral_direction_parts"),
        ),
        sa.CheckConstraint(
            "direction IN ('up', 'down')", name=op.f("ck_appointments_referral_direction")
        ),
        sa.CheckConstraint(
            "num_nonnulls(proposed_institution_id, proposed_department_id) IN (0, 2) AND (state <> 'proposed' OR proposed_department_id IS NOT NULL)",
            name=op.f("ck_appointments_referral_proposal"),
        ),
        sa.CheckConstraint(
            "state IN ('sent', 'asked', 'answered', 'proposed', 'accepted', 'arrived', 'closed', 'missed', 'declined', 'withdrawn', 'refused', 'lapsed')",
            name=op.f("ck_appointments_referral_state"),
        ),
        sa.CheckConstraint(
            "urgency IN ('routine', 'urgent', 'emergency')",
            name=op.f("ck_appointments_referral_urgency"),
        ),
        sa.CheckConstraint("sent_at < answer_by", name=op.f("ck_appointments_referral_deadline")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_appointments_referral_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["appointments_booking.id"],
            name=op.f("fk_appointments_referral_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["from_institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_appointments_referral_from_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["from_team_id"],
            ["directory_team.id"],
            name=op.f("fk_appointments_referral_from_team_id"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_appointments_referral_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_department_id"],
            ["directory_department.id"],
            name=op.f("fk_appointments_referral_proposed_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_appointments_referral_proposed_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["proposed_slot_id"],
            ["appointments_slot.id"],
            name=op.f("fk_appointments_referral_proposed_slot_id"),
        ),
        sa.ForeignKeyConstraint(
            ["to_department_id"],
            ["directory_department.id"],
            name=op.f("fk_appointments_referral_to_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["to_institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_appointments_referral_to_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["to_team_id"], ["directory_team.id"], name=op.f("fk_appointments_referral_to_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_referral")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_appointments_referral_booking_id")),
    )
    op.create_index(
        "ix_appointments_referral_answer_by",
        "appointments_referral",
        ["answer_by"],
        unique=False,
        postgresql_where=sa.text("state IN ('sent', 'asked', 'answered', 'proposed')"),
    )
    op.create_index(
        "ix_appointments_referral_from_institution_id",
        "appointments_referral",
        ["from_institution_id", "sent_at"],
        unique=False,
    )
    op.create_index(
        "ix_appointments_referral_person_id_sent_at",
        "appointments_referral",
        ["person_id", "sent_at"],
        unique=False,
    )
    op.create_index(
        "ix_appointments_referral_sent_at", "appointments_referral", ["sent_at", "id"], unique=False
    )
    op.create_index(
        "ix_appointments_referral_to_institution_id",
        "appointments_referral",
        ["to_institution_id", "sent_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_appointments_referral_open_down",
        "appointments_referral",
        ["person_id", "from_institution_id"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('sent', 'asked', 'answered', 'proposed') AND direction = 'down'"
        ),
    )
    op.create_index(
        "uq_appointments_referral_open_up",
        "appointments_referral",
        ["person_id", "to_department_id"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('sent', 'asked', 'answered', 'proposed') AND direction = 'up'"
        ),
    )
    op.create_table(
        "appointments_referral_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["auth_account.id"],
            name=op.f("fk_appointments_referral_step_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["appointments_referral.id"],
            name=op.f("fk_appointments_referral_step_referral_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_referral_step")),
        sa.UniqueConstraint(
            "referral_id", "version", name=op.f("uq_appointments_referral_step_referral_id_version")
        ),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("appointments_referral_step")
    op.drop_index(
        "uq_appointments_referral_open_up",
        table_name="appointments_referral",
        postgresql_where=sa.text(
            "state IN ('sent', 'asked', 'answered', 'proposed') AND direction = 'up'"
        ),
    )
    op.drop_index(
        "uq_appointments_referral_open_down",
        table_name="appointments_referral",
        postgresql_where=sa.text(
            "state IN ('sent', 'asked', 'answered', 'proposed') AND direction = 'down'"
        ),
    )
    op.drop_index("ix_appointments_referral_to_institution_id", table_name="appointments_referral")
    op.drop_index("ix_appointments_referral_sent_at", table_name="appointments_referral")
    op.drop_index("ix_appointments_referral_person_id_sent_at", table_name="appointments_referral")
    op.drop_index(
        "ix_appointments_referral_from_institution_id", table_name="appointments_referral"
    )
    op.drop_index(
        "ix_appointments_referral_answer_by",
        table_name="appointments_referral",
        postgresql_where=sa.text("state IN ('sent', 'asked', 'answered', 'proposed')"),
    )
    op.drop_table("appointments_referral")
