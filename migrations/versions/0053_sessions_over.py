"""The sessions that are live can be found by when they end."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Those over by now end without news: nobody waits for it any more."""
    op.execute(
        "UPDATE auth_session SET ended_at = expires_at WHERE ended_at IS NULL AND expires_at <= now()"
    )
    op.create_index(
        "ix_auth_session_live",
        "auth_session",
        ["expires_at"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_auth_session_live", "auth_session")
