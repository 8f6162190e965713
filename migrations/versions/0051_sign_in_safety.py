"""An objection to a recovery is weighed by a third person; old sessions are forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0046"
branch_labels = None
depends_on = None

CASE = "auth_recovery_case"
STATES = "'begun', 'waiting', {more}'done', 'objected', 'withdrawn', 'lapsed'"
OPEN = "state IN ('begun', 'waiting')"
OPEN_NOW = "state IN ('begun', 'contested', 'reviewed', 'waiting')"
INDEX = "uq_auth_recovery_case_open"


# What hangs on a session is looked for when old sessions are forgotten.
OF_SESSIONS = ("auth_authorization_code", "auth_device_request", "auth_refresh_family")
OBJECTED = (
    "UPDATE auth_recovery_case SET state = 'objected', ended_at = coalesce(contested_at, now())"
    " WHERE state IN ('contested', 'reviewed')"
)


def upgrade() -> None:
    """Apply."""
    op.add_column(CASE, sa.Column("reviewed_by", sa.Uuid(), nullable=True))
    op.add_column(CASE, sa.Column("reviewed_by_name", sa.Text(), nullable=True))
    op.add_column(CASE, sa.Column("contested_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f(f"fk_{CASE}_reviewed_by_auth_account"), CASE, "auth_account", ["reviewed_by"], ["id"]
    )
    op.create_check_constraint(
        op.f(f"ck_{CASE}_third_person"), CASE, "reviewed_by NOT IN (begun_by, confirmed_by)"
    )
    _let_states_be("'contested', 'reviewed', ", OPEN_NOW)
    for table in OF_SESSIONS:
        op.create_index(f"ix_{table}_session_id", table, ["session_id"])


def downgrade() -> None:
    """Undo. What waits for a review, or for its longer wait, was objected to."""
    for table in OF_SESSIONS:
        op.drop_index(f"ix_{table}_session_id", table)
    op.execute(OBJECTED)
    _let_states_be("", OPEN)
    op.drop_constraint(op.f(f"ck_{CASE}_third_person"), CASE)
    for column in ("contested_at", "reviewed_by_name", "reviewed_by"):
        op.drop_column(CASE, column)


def _let_states_be(more: str, open_states: str) -> None:
    states = STATES.format(more=more)
    op.drop_constraint(op.f(f"ck_{CASE}_state"), CASE)
    op.create_check_constraint(op.f(f"ck_{CASE}_state"), CASE, f"state IN ({states})")
    op.drop_index(INDEX, CASE)
    op.create_index(INDEX, CASE, ["account_id"], unique=True, postgresql_where=sa.text(open_states))
