"""Places that are wanted no more and are gone once whoever has them gives them back."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

SLOT = "appointments_slot"
EXCESS = "excess BETWEEN 0 AND taken AND (excess = 0 OR taken = capacity)"


def upgrade() -> None:
    """Apply. What a hospital wanted before is not known: its next document says it again."""
    op.add_column(SLOT, sa.Column("excess", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_check_constraint(op.f(f"ck_{SLOT}_excess"), SLOT, EXCESS)


def downgrade() -> None:
    """Take back."""
    op.drop_constraint(op.f(f"ck_{SLOT}_excess"), SLOT, type_="check")
    op.drop_column(SLOT, "excess")
