"""auth: roles are held for a time, and the three kinds of administrators are separate people."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLE = "auth_role_grant"
DUTIES = "('administrator', 'security', 'auditor')"
PERIOD = "tstzrange(starts_at, ends_at)"
# Of those who held several duties before they were separate, each keeps the first one given.
SEPARATE = f"""
UPDATE {TABLE} AS later SET ended_at = now()
WHERE later.ended_at IS NULL AND later.role IN {DUTIES} AND later.role <> (
    SELECT first.role FROM {TABLE} AS first
    WHERE first.account_id = later.account_id
      AND first.ended_at IS NULL AND first.role IN {DUTIES}
    ORDER BY first.created_at, first.id LIMIT 1
)
"""  # noqa: S608  constants
# Without its period a grant counts until it is ended: what does not count now must not begin to.
END_OTHERS = f"""
UPDATE {TABLE} SET ended_at = now()
WHERE ended_at IS NULL AND NOT {PERIOD} @> now()
"""  # noqa: S608


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for column in ("starts_at", "ends_at"):
        op.add_column(TABLE, sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.execute(f"UPDATE {TABLE} SET starts_at = created_at")  # noqa: S608
    op.alter_column(TABLE, "starts_at", nullable=False)
    op.create_check_constraint(op.f("ck_auth_role_grant_period"), TABLE, "ends_at > starts_at")
    op.execute(SEPARATE)
    op.drop_index("uq_auth_role_grant_current", table_name=TABLE)
    op.create_index(
        "ix_auth_role_grant_account_id",
        TABLE,
        ["account_id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    _exclude("ex_auth_role_grant_once", "role WITH =, unit WITH =", "ended_at IS NULL")
    _exclude("ex_auth_role_grant_duty", "role WITH <>", f"ended_at IS NULL AND role IN {DUTIES}")


def downgrade() -> None:
    """Undo; the extension may serve others and stays."""
    op.drop_constraint("ex_auth_role_grant_duty", TABLE)
    op.drop_constraint("ex_auth_role_grant_once", TABLE)
    op.drop_index("ix_auth_role_grant_account_id", table_name=TABLE)
    op.execute(END_OTHERS)
    op.create_index(
        "uq_auth_role_grant_current",
        TABLE,
        ["account_id", "role", "unit"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_constraint(op.f("ck_auth_role_grant_period"), TABLE, type_="check")
    for column in ("ends_at", "starts_at"):
        op.drop_column(TABLE, column)


def _exclude(name: str, alike: str, where: str) -> None:
    """No two rows of an account that are ``alike`` and meet in time."""
    op.execute(
        f"ALTER TABLE {TABLE} ADD CONSTRAINT {name}"
        f" EXCLUDE USING gist (account_id WITH =, {alike}, {PERIOD} WITH &&) WHERE ({where})"
    )
