"""Papers: people without an ID number, what staff did about who somebody is, claims; and signings in
a village that are refused as who may sign, or what was to be renewed, changed meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

PERSON, IDENTIFIER = "residents_person", "residents_identifier"
STEP, CLAIM = "residents_identity_step", "residents_paper_claim"
ENTRY = "family_doctor_field_entry"
OUTCOMES = (
    "already_signed",
    "clock_wrong",
    "identity_mismatch",
    "minor",
    "over_capacity",
    "signed",
    "team_closed",
    "text_withdrawn",
    "unreadable",
)
NUMBER = ["kind", "issuer", "number_index"]


def upgrade() -> None:
    """Apply. Everybody known until now has an ID number."""
    op.alter_column(PERSON, "id_number", nullable=True)
    op.create_check_constraint(
        op.f(f"ck_{PERSON}_id_number"),
        PERSON,
        "(id_number IS NULL) = (id_index = uuid_send(id))",
    )
    # All of a household have one book.
    op.drop_index(f"uq_{IDENTIFIER}_number", IDENTIFIER)
    op.create_index(
        f"uq_{IDENTIFIER}_number",
        IDENTIFIER,
        NUMBER,
        unique=True,
        postgresql_where=sa.text("kind <> 'household_book'"),
    )
    op.create_index(f"uq_{IDENTIFIER}_own", IDENTIFIER, [*NUMBER, "person_id"], unique=True)
    _steps()
    _claims()
    _outcomes(sorted([*OUTCOMES, "not_represented", "renewal_changed"]))


def _outcomes(outcomes: list[str]) -> None:
    """What may become of a signing in a village."""
    name = op.f(f"ck_{ENTRY}_outcome")
    op.drop_constraint(name, ENTRY, type_="check")
    listed = ", ".join(f"'{each}'" for each in outcomes)
    op.create_check_constraint(name, ENTRY, f"outcome IN ({listed})")


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _moment(name: str, *, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=optional)


def _steps() -> None:
    op.create_table(
        STEP,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("former", sa.LargeBinary(), nullable=True),
        sa.Column("by_account", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        _moment("at"),
        _check(STEP, "step", "step IN ('registered', 'verified', 'numbered')"),
        _check(STEP, "former", "(step = 'numbered') = (former IS NOT NULL)"),
        _to(STEP, "person_id", PERSON),
        _to(STEP, "by_account", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{STEP}")),
    )
    op.create_index(f"ix_{STEP}_person_id", STEP, ["person_id", "at"])


def _claims() -> None:
    op.create_table(
        CLAIM,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_index", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("checked_by_name", sa.Text(), nullable=True),
        _moment("settled_at", optional=True),
        _moment("created_at"),
        _check(CLAIM, "sex", "sex IN ('male', 'female')"),
        _check(
            CLAIM,
            "state",
            "state IN ('waiting', 'confirmed', 'refused', 'withdrawn', 'lapsed')",
        ),
        _check(CLAIM, "done", "(state = 'confirmed') = (person_id IS NOT NULL)"),
        _check(CLAIM, "reason", "(state = 'refused') = (reason IS NOT NULL)"),
        _check(CLAIM, "settled", "(state = 'waiting') = (settled_at IS NULL)"),
        _to(CLAIM, "account_id", "auth_account"),
        _to(CLAIM, "institution_id", "directory_institution"),
        _to(CLAIM, "person_id", PERSON),
        _to(CLAIM, "checked_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CLAIM}")),
    )
    op.create_index(
        f"uq_{CLAIM}_waiting",
        CLAIM,
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    for column in ("account_id", "institution_id"):
        op.create_index(f"ix_{CLAIM}_{column}", CLAIM, [column, "created_at"])
    op.create_index(f"ix_{CLAIM}_person_id", CLAIM, ["person_id"])


def downgrade() -> None:
    """Undo; refused by the database where there are people without an ID number, or entries refused
    for one of the new reasons.
    """
    _outcomes([*OUTCOMES])
    op.drop_table(CLAIM)
    op.drop_table(STEP)
    op.drop_index(f"uq_{IDENTIFIER}_own", IDENTIFIER)
    op.drop_index(f"uq_{IDENTIFIER}_number", IDENTIFIER)
    op.create_index(f"uq_{IDENTIFIER}_number", IDENTIFIER, NUMBER, unique=True)
    op.drop_constraint(op.f(f"ck_{PERSON}_id_number"), PERSON, type_="check")
    op.alter_column(PERSON, "id_number", nullable=False)
