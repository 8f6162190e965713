"""A slot knows that its session is stopped: who waits for the slot's row must see it."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    stopped: sa.Column[bool] = sa.Column(
        "stopped", sa.Boolean(), server_default=sa.text("false"), nullable=False
    )
    op.add_column("appointments_slot", stopped)
    op.execute(
        "UPDATE appointments_slot AS slot SET stopped = true FROM appointments_session AS session"
        " WHERE session.id = slot.session_id AND session.stopped_at IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_column("appointments_slot", "stopped")
