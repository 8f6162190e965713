"""Roles that a provider's claim gives no more, and ways to a provider that wants to ask anew.

Revision ID: 0068
Revises: 0062
"""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns. Of what was taken back before nobody knows any more by whom."""
    op.add_column(
        "auth_role_grant",
        sa.Column("withheld", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "auth_upstream_attempt",
        sa.Column("anew", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    """Undo: claims give again what was taken back."""
    op.drop_column("auth_upstream_attempt", "anew")
    op.drop_column("auth_role_grant", "withheld")
