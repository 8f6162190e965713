"""Registered phones that staff changed; where people moved, and codes into households."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

CHANGE = "residents_phone_change"
HOME, MOVE, CODE = "residents_household", "residents_home_move", "residents_household_code"
RELATIONS = (
    "'head', 'self', 'spouse', 'child', 'grandchild', 'parent', 'grandparent', 'sibling', 'other'"
)


def upgrade() -> None:
    """Apply."""
    _phones()
    _homes()


def _phones() -> None:
    op.create_table(
        CHANGE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("new_phone", sa.LargeBinary(), nullable=False),
        sa.Column("old_phone", sa.LargeBinary(), nullable=True),
        sa.Column("challenge_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("objection", sa.LargeBinary(), nullable=True),
        sa.Column("objection_hash", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_by_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        _check(
            CHANGE,
            "state",
            "state IN ('asked', 'waiting', 'done', 'objected', 'withdrawn', 'lapsed')",
        ),
        _check(
            CHANGE,
            "paper",
            "paper IN ('id_card', 'social_card', 'household_book', 'other_paper')",
        ),
        _check(CHANGE, "objection", "(objection IS NULL) = (objection_hash IS NULL)"),
        _check(CHANGE, "waiting", "state <> 'waiting' OR effective_at IS NOT NULL"),
        _to(CHANGE, "person_id", "residents_person"),
        _to(CHANGE, "institution_id", "directory_institution"),
        _to(CHANGE, "recorded_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CHANGE}")),
        sa.UniqueConstraint("objection_hash", name=op.f(f"uq_{CHANGE}_objection_hash")),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        f"uq_{CHANGE}_waiting", CHANGE, ["person_id"], unique=True, postgresql_where=waiting
    )
    op.create_index(f"ix_{CHANGE}_institution_id", CHANGE, ["institution_id", "created_at"])
    op.create_index(f"ix_{CHANGE}_person_id", CHANGE, ["person_id"])
    op.create_index(f"ix_{CHANGE}_effective_at", CHANGE, ["effective_at"], postgresql_where=waiting)


def _homes() -> None:
    op.add_column(HOME, sa.Column("house", sa.LargeBinary(), nullable=True))
    op.create_table(
        MOVE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("from_household", sa.Uuid(), nullable=True),
        sa.Column("to_household", sa.Uuid(), nullable=False),
        sa.Column("from_division", sa.Text(), nullable=False),
        sa.Column("to_division", sa.Text(), nullable=False),
        sa.Column("from_village", sa.Text(), nullable=False),
        sa.Column("to_village", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_by_name", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        _check(MOVE, "way", "way IN ('declared', 'checked')"),
        _check(MOVE, "relation", f"relation IN ({RELATIONS})"),
        _to(MOVE, "person_id", "residents_person"),
        _to(MOVE, "from_household", HOME),
        _to(MOVE, "to_household", HOME),
        _to(MOVE, "recorded_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{MOVE}")),
    )
    op.create_index(f"ix_{MOVE}_person_id", MOVE, ["person_id", "moved_at"])
    op.create_table(
        CODE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        _check(CODE, "used", "(used_at IS NULL) = (used_by IS NULL)"),
        _to(CODE, "household_id", HOME),
        _to(CODE, "made_by", "residents_person"),
        _to(CODE, "used_by", "residents_person"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CODE}")),
        sa.UniqueConstraint("code_hash", name=op.f(f"uq_{CODE}_code_hash")),
    )
    op.create_index(f"ix_{CODE}_household_id", CODE, ["household_id"])


def downgrade() -> None:
    """Undo."""
    op.drop_table(CODE)
    op.drop_table(MOVE)
    op.drop_column(HOME, "house")
    op.drop_table(CHANGE)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
