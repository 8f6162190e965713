"""An objection to a recovery is weighed by a third person; one human holds one duty."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

CASE, RESET = "auth_recovery_case", "auth_factor_reset"
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
    _know_humans()
    _reset_factors()
    for table in OF_SESSIONS:
        op.create_index(f"ix_{table}_session_id", table, ["session_id"])


def downgrade() -> None:
    """Undo. What waits for a review, or for its longer wait, was objected to."""
    for table in OF_SESSIONS:
        op.drop_index(f"ix_{table}_session_id", table)
    op.drop_table(RESET)
    op.drop_constraint("ex_auth_role_grant_human", "auth_role_grant")
    for table in ("auth_role_grant", "auth_account"):
        op.drop_column(table, "human_index")
    op.execute(OBJECTED)
    _let_states_be("", OPEN)
    op.drop_constraint(op.f(f"ck_{CASE}_third_person"), CASE)
    for column in ("contested_at", "reviewed_by_name", "reviewed_by"):
        op.drop_column(CASE, column)


def _know_humans() -> None:
    """Of accounts that are joined to a person it is known whose they are."""
    for table in ("auth_account", "auth_role_grant"):
        op.add_column(table, sa.Column("human_index", sa.LargeBinary(), nullable=True))
    op.execute(
        "UPDATE auth_account a SET human_index = p.id_index FROM residents_person p"
        " WHERE p.id = a.person_id"
    )
    op.execute(
        "UPDATE auth_role_grant g SET human_index = a.human_index FROM auth_account a"
        " WHERE a.id = g.account_id AND a.human_index IS NOT NULL"
    )
    op.execute(
        "ALTER TABLE auth_role_grant ADD CONSTRAINT ex_auth_role_grant_human EXCLUDE USING gist"
        " (human_index WITH =, role WITH <>, tstzrange(starts_at, ends_at) WITH &&)"
        " WHERE (ended_at IS NULL AND role IN ('administrator', 'security', 'auditor'))"
    )


def _reset_factors() -> None:
    op.create_table(
        RESET,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("begun_by", sa.Uuid(), nullable=False),
        sa.Column("begun_by_name", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by_name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("confirmed_by <> begun_by", name=op.f(f"ck_{RESET}_two_persons")),
        sa.CheckConstraint(
            "account_id NOT IN (begun_by, confirmed_by)", name=op.f(f"ck_{RESET}_not_oneself")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["auth_account.id"], name=op.f(f"fk_{RESET}_{column}_auth_account")
            )
            for column in ("account_id", "begun_by", "confirmed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{RESET}")),
    )
    op.create_index(
        f"uq_{RESET}_open",
        RESET,
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _let_states_be(more: str, open_states: str) -> None:
    states = STATES.format(more=more)
    op.drop_constraint(op.f(f"ck_{CASE}_state"), CASE)
    op.create_check_constraint(op.f(f"ck_{CASE}_state"), CASE, f"state IN ({states})")
    op.drop_index(INDEX, CASE)
    op.create_index(INDEX, CASE, ["account_id"], unique=True, postgresql_where=sa.text(open_states))
