"""Words by which people look for a department."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "appointments_symptom",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("specialty_code", sa.Text(), nullable=False),
        sa.Column("diseases", sa.SmallInteger(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["specialty_code"],
            ["directory_specialty.code"],
            name=op.f("fk_appointments_symptom_specialty_code"),
        ),
        sa.PrimaryKeyConstraint("word", "specialty_code", name=op.f("pk_appointments_symptom")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("appointments_symptom")
