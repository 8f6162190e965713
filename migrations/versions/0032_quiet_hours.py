"""Hours in which no place is offered to those who wait."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TABLE, CHECK = "appointments_rule", "ck_appointments_rule_quiet"


def upgrade() -> None:
    """Apply. Rules from before have none: what an institution decided stays as it is."""
    for name in ("quiet_from", "quiet_until"):
        op.add_column(TABLE, sa.Column(name, sa.Time(), nullable=True))
    op.create_check_constraint(
        op.f(CHECK),
        TABLE,
        "(quiet_from IS NULL) = (quiet_until IS NULL) AND quiet_from <> quiet_until",
    )


def downgrade() -> None:
    """Undo."""
    op.drop_constraint(op.f(CHECK), TABLE)
    for name in ("quiet_until", "quiet_from"):
        op.drop_column(TABLE, name)
