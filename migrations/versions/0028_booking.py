"""Adults let others act for them; reminders of a visit that were sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _representation()
    _reminder()
    op.create_index(
        "ix_appointments_booking_account_id",
        "appointments_booking",
        ["account_id", "institution_id", "created_at"],
        postgresql_where=sa.text("source = 'family'"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_appointments_booking_account_id", "appointments_booking")
    op.drop_table("appointments_reminder")
    op.drop_table("residents_representation")


def _representation() -> None:
    op.create_table(
        "residents_representation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("representative_id", sa.Uuid(), nullable=True),
        sa.Column("representative_name", sa.LargeBinary(), nullable=False),
        sa.Column("representative_index", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "basis IN ('household', 'named')", name=op.f("ck_residents_representation_basis")
        ),
        sa.CheckConstraint(
            "scopes <@ ARRAY['book'] AND cardinality(scopes) > 0",
            name=op.f("ck_residents_representation_scopes"),
        ),
        sa.CheckConstraint(
            "person_id <> representative_id", name=op.f("ck_residents_representation_other")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL) AND ended_by IN ('person', 'representative')",
            name=op.f("ck_residents_representation_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["residents_person.id"],
            name=op.f("fk_residents_representation_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["representative_id"],
            ["residents_person.id"],
            name=op.f("fk_residents_representation_representative_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents_representation")),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_residents_representation_live",
        "residents_representation",
        ["person_id", "representative_index"],
        unique=True,
        postgresql_where=live,
    )
    op.create_index(
        "ix_residents_representation_representative_id",
        "residents_representation",
        ["representative_id"],
        postgresql_where=live,
    )
    op.create_index(
        "ix_residents_representation_representative_index",
        "residents_representation",
        ["representative_index"],
        postgresql_where=sa.text("ended_at IS NULL AND representative_id IS NULL"),
    )


def _reminder() -> None:
    op.create_table(
        "appointments_reminder",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('day_before', 'two_hours')", name=op.f("ck_appointments_reminder_kind")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["appointments_booking.id"],
            name=op.f("fk_appointments_reminder_booking_id"),
        ),
        sa.PrimaryKeyConstraint("booking_id", "kind", name=op.f("pk_appointments_reminder")),
    )
