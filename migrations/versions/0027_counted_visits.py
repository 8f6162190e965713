"""Which visits a suspension counts, and the institution's name as it was."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appointments_counted_visit",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("suspension_id", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "weight BETWEEN 1 AND 100", name=op.f("ck_appointments_counted_visit_weight")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["appointments_booking.id"],
            name=op.f("fk_appointments_counted_visit_booking_id"),
        ),
        sa.ForeignKeyConstraint(
            ["suspension_id"],
            ["appointments_suspension.id"],
            name=op.f("fk_appointments_counted_visit_suspension_id"),
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_appointments_counted_visit")),
    )
    op.create_index(
        "ix_appointments_counted_visit_suspension_id",
        "appointments_counted_visit",
        ["suspension_id"],
    )
    op.add_column(
        "appointments_suspension",
        sa.Column("institution_name", sa.Text(), nullable=False, server_default=""),
    )
    # Points were whole missed visits; from here on they are hundredths of one.
    op.execute(
        "UPDATE appointments_suspension AS suspension"
        " SET institution_name = institution.name, points = points * 100"
        " FROM directory_institution AS institution"
        " WHERE institution.id = suspension.institution_id"
    )
    op.alter_column("appointments_suspension", "institution_name", server_default=None)


def downgrade() -> None:
    op.execute("UPDATE appointments_suspension SET points = points / 100")
    op.drop_column("appointments_suspension", "institution_name")
    op.drop_table("appointments_counted_visit")
