"""From which age the places of the elderly and of those who call are for a patient."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0032"
branch_labels = None
depends_on = None

RULE, CHECK = "appointments_rule", "ck_appointments_rule_elderly"


def upgrade() -> None:
    """Apply. Every institution begins with the region's usual 65 years."""
    age = sa.Column("elderly_age", sa.SmallInteger(), server_default="65", nullable=False)
    op.add_column(RULE, age)
    op.create_check_constraint(op.f(CHECK), RULE, "elderly_age BETWEEN 0 AND 120")


def downgrade() -> None:
    """Revert."""
    op.drop_constraint(op.f(CHECK), RULE, type_="check")
    op.drop_column(RULE, "elderly_age")
