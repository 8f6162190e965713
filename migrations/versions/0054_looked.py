"""Whether an event of the audit tells of something shown or of something done."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

EVENT = "core_audit_event"


def upgrade() -> None:
    """Apply. What was written until now does not say, and stays as it was signed."""
    op.add_column(EVENT, sa.Column("looked", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Undo. Events of version 2 in the signed log are no longer what was signed."""
    op.drop_column(EVENT, "looked")
