"""Persons: health-record numbers, more identifiers, pairs that may be one person, and merging."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

PERSON, IDENTIFIER, SERIAL = "residents_person", "residents_identifier", "residents_record_serial"
PAIR, MERGE = "residents_duplicate", "residents_merge"
KINDS = (
    "'id_card', 'birth_certificate', 'household_book', 'passport', 'hk_macau_permit',"
    " 'taiwan_permit', 'residence_card', 'insurance', 'hospital_card'"
)


def upgrade() -> None:
    """Apply. Those who are known already are numbered by residents.jobs."""
    _people()
    _identifiers()
    _pairs()
    _merges()


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _people() -> None:
    op.add_column(PERSON, sa.Column("record_number", sa.LargeBinary(), nullable=True))
    op.add_column(PERSON, sa.Column("record_index", sa.LargeBinary(), nullable=True))
    op.add_column(PERSON, sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.create_unique_constraint(op.f(f"uq_{PERSON}_record_index"), PERSON, ["record_index"])
    op.create_foreign_key(op.f(f"fk_{PERSON}_merged_into"), PERSON, PERSON, ["merged_into"], ["id"])
    op.create_check_constraint(op.f(f"ck_{PERSON}_merged_into"), PERSON, "merged_into <> id")
    op.create_check_constraint(
        op.f(f"ck_{PERSON}_record"), PERSON, "(record_number IS NULL) = (record_index IS NULL)"
    )
    op.create_index(
        f"ix_{PERSON}_unnumbered",
        PERSON,
        ["id"],
        postgresql_where=sa.text("record_number IS NULL AND merged_into IS NULL"),
    )
    op.create_index(
        f"ix_{PERSON}_merged_into",
        PERSON,
        ["merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_table(
        SERIAL,
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        _check(SERIAL, "prefix", "prefix ~ '^[0-9]{12}$'"),
        _check(SERIAL, "last", "last BETWEEN 1 AND 99999"),
        sa.PrimaryKeyConstraint("prefix", name=op.f(f"pk_{SERIAL}")),
    )


def _identifiers() -> None:
    op.create_table(
        IDENTIFIER,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_by_name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _check(IDENTIFIER, "kind", f"kind IN ({KINDS})"),
        _check(IDENTIFIER, "source", "source IN ('staff', 'records', 'example')"),
        _check(IDENTIFIER, "validity", "valid_until >= valid_from"),
        _check(IDENTIFIER, "issuer", "kind <> 'hospital_card' OR issuer <> ''"),
        _to(IDENTIFIER, "person_id", PERSON),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{IDENTIFIER}")),
    )
    op.create_index(
        f"uq_{IDENTIFIER}_number", IDENTIFIER, ["kind", "issuer", "number_index"], unique=True
    )
    op.create_index(f"ix_{IDENTIFIER}_person_id", IDENTIFIER, ["person_id"])
    op.create_index(f"ix_{IDENTIFIER}_number_index", IDENTIFIER, ["number_index"])


def _pairs() -> None:
    op.create_table(
        PAIR,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("first_division", sa.Text(), nullable=False),
        sa.Column("second_division", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by_name", sa.Text(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        _check(PAIR, "order", "first_id < second_id"),
        _check(PAIR, "score", "score BETWEEN 0 AND 1"),
        _check(PAIR, "state", "state IN ('waiting', 'later', 'different', 'merged')"),
        _check(PAIR, "decided", "(state = 'waiting') = (decided_at IS NULL)"),
        _to(PAIR, "first_id", PERSON),
        _to(PAIR, "second_id", PERSON),
        _to(PAIR, "decided_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{PAIR}")),
    )
    op.create_index(f"uq_{PAIR}_pair", PAIR, ["first_id", "second_id"], unique=True)
    op.create_index(f"ix_{PAIR}_second_id", PAIR, ["second_id"])
    op.create_index(f"ix_{PAIR}_state", PAIR, ["state", "score", "id"])


def _merges() -> None:
    op.create_table(
        MERGE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("duplicate_id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("former_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.Column("moved", postgresql.JSONB(), nullable=False),
        sa.Column("had", postgresql.JSONB(), nullable=False),
        sa.Column("account_moved", sa.Boolean(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.Uuid(), nullable=False),
        sa.Column("merged_by_name", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.Column("undone_by_name", sa.Text(), nullable=True),
        _check(MERGE, "two", "kept_id <> former_id"),
        _check(MERGE, "undone", "(undone_at IS NULL) = (undone_by IS NULL)"),
        _to(MERGE, "duplicate_id", PAIR),
        _to(MERGE, "kept_id", PERSON),
        _to(MERGE, "former_id", PERSON),
        _to(MERGE, "merged_by", "auth_account"),
        _to(MERGE, "undone_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{MERGE}")),
    )
    op.create_index(
        f"uq_{MERGE}_former_id",
        MERGE,
        ["former_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_index(f"ix_{MERGE}_duplicate_id", MERGE, ["duplicate_id"])
    op.create_index(f"ix_{MERGE}_kept_id", MERGE, ["kept_id"])


def downgrade() -> None:
    """Undo; records that were merged stand beside each other again, what was moved stays."""
    op.drop_table(MERGE)
    op.drop_table(PAIR)
    op.drop_table(IDENTIFIER)
    op.drop_table(SERIAL)
    op.drop_index(f"ix_{PERSON}_merged_into", PERSON)
    op.drop_index(f"ix_{PERSON}_unnumbered", PERSON)
    for name in ("record", "merged_into"):
        op.drop_constraint(op.f(f"ck_{PERSON}_{name}"), PERSON, type_="check")
    op.drop_constraint(op.f(f"fk_{PERSON}_merged_into"), PERSON, type_="foreignkey")
    op.drop_constraint(op.f(f"uq_{PERSON}_record_index"), PERSON, type_="unique")
    for column in ("merged_into", "record_index", "record_number"):
        op.drop_column(PERSON, column)
