"""For how many people an account waits is found by the account."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_appointments_wait_account_id",
        "appointments_wait",
        ["account_id", "institution_id", "created_at"],
        postgresql_where=sa.text("state IN ('waiting', 'offered', 'taken', 'lapsed')"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_appointments_wait_account_id", "appointments_wait")
