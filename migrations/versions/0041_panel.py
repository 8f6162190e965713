"""The panel: after how many days a resident counts as silent, kept filters, indexes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

RULE, FILTER, FOLLOW_UP, OBLIGATION = (
    "family_doctor_rule",
    "family_doctor_saved_filter",
    "family_doctor_follow_up",
    "family_doctor_obligation",
)
OPEN = f"ix_{OBLIGATION}_open"


def upgrade() -> None:
    """Apply. A region's rule begins with 90 days, the time between two follow-ups."""
    days = sa.Column("silent_days", sa.SmallInteger(), server_default="90", nullable=False)
    op.add_column(RULE, days)
    op.create_check_constraint(op.f(f"ck_{RULE}_silent"), RULE, "silent_days > 0")
    op.create_table(
        FILTER,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 20", name=op.f(f"ck_{FILTER}_name")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f(f"fk_{FILTER}_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["directory_team.id"], name=op.f(f"fk_{FILTER}_team_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{FILTER}")),
        sa.UniqueConstraint(
            "account_id", "team_id", "name", name=op.f(f"uq_{FILTER}_account_id_team_id_name")
        ),
    )
    op.create_index(f"ix_{FILTER}_team_id", FILTER, ["team_id"], postgresql_where=sa.text("shared"))
    op.create_index(
        f"ix_{FOLLOW_UP}_team_id",
        FOLLOW_UP,
        ["team_id", "person_id", "item_code", "performed_at", "id"],
        postgresql_include=["result", "emergency"],
    )
    op.create_index(
        f"ix_{OBLIGATION}_by_word",
        OBLIGATION,
        ["team_id", "done_at"],
        postgresql_where=sa.text("done_by IS NOT NULL"),
    )
    # The panel counts what is open without reading a row of the table.
    op.drop_index(OPEN, OBLIGATION)
    _index_open(["contract_id", "late_after"])


def _index_open(include: list[str]) -> None:
    op.create_index(
        OPEN,
        OBLIGATION,
        ["team_id", "due_on", "id"],
        postgresql_where=sa.text("done_at IS NULL AND excused_at IS NULL"),
        postgresql_include=include,
    )


def downgrade() -> None:
    """Revert."""
    op.drop_index(OPEN, OBLIGATION)
    _index_open([])
    op.drop_index(f"ix_{OBLIGATION}_by_word", OBLIGATION)
    op.drop_index(f"ix_{FOLLOW_UP}_team_id", FOLLOW_UP)
    op.drop_table(FILTER)
    op.drop_constraint(op.f(f"ck_{RULE}_silent"), RULE, type_="check")
    op.drop_column(RULE, "silent_days")
