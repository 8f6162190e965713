"""How often applications took tokens of their own, by day."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

TABLE = "auth_client_service_use"


def upgrade() -> None:
    """Apply. Tokens from before are not counted: they were kept for a day only."""
    op.create_table(
        TABLE,
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "day", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["auth_client.client_id"], name=op.f(f"fk_{TABLE}_client_id")
        ),
    )


def downgrade() -> None:
    """Undo. The counts are lost."""
    op.drop_table(TABLE)
