"""Since when a linked hospital is asked for numbers, so that a booking is known to wait for it."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

LINK = "appointments_hospital_link"


def upgrade() -> None:
    """Apply. What was booked before now waits only where its hospital was asked."""
    op.add_column(
        LINK,
        sa.Column(
            "asked_since", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
    )
    op.alter_column(LINK, "asked_since", server_default=None)


def downgrade() -> None:
    """Undo."""
    op.drop_column(LINK, "asked_since")
