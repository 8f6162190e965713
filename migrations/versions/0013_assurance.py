"""auth: how surely a session knows who it is; roles of those who guard the others."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BEFORE = "'leader', 'member', 'registrar', 'administrator', 'analyst'"
AFTER = f"{BEFORE}, 'security', 'auditor'"


def upgrade() -> None:
    """Apply."""
    _roles(AFTER)
    op.add_column("auth_session", sa.Column("methods", sa.ARRAY(sa.Text()), nullable=True))
    op.add_column("auth_session", sa.Column("assurance", sa.SmallInteger(), nullable=True))
    op.add_column(
        "auth_session", sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute(
        "UPDATE auth_session SET assurance = 1, authenticated_at = created_at,"
        " methods = ARRAY[CASE method WHEN 'password' THEN 'pwd' ELSE method END]"
    )
    for column in ("methods", "assurance", "authenticated_at"):
        op.alter_column("auth_session", column, nullable=False)
    op.create_check_constraint(
        op.f("ck_auth_session_assurance"), "auth_session", "assurance BETWEEN 1 AND 3"
    )
    op.drop_column("auth_session", "method")


def downgrade() -> None:
    """Undo; nobody holds the new roles any more then."""
    op.execute("DELETE FROM auth_role_grant WHERE role IN ('security', 'auditor')")
    _roles(BEFORE)
    op.add_column("auth_session", sa.Column("method", sa.Text(), nullable=True))
    op.execute(
        "UPDATE auth_session SET"
        " method = CASE methods[1] WHEN 'pwd' THEN 'password' ELSE methods[1] END"
    )
    op.alter_column("auth_session", "method", nullable=False)
    for column in ("methods", "assurance", "authenticated_at"):
        op.drop_column("auth_session", column)


def _roles(listed: str) -> None:
    name = op.f("ck_auth_role_grant_role")
    op.drop_constraint(name, "auth_role_grant", type_="check")
    op.create_check_constraint(name, "auth_role_grant", f"role IN ({listed})")
