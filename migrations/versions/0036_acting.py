"""Acting for another: scopes, terms, bindings and their evidence; the history of health labels."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

HELD, BINDING = "residents_representation", "residents_binding"
NOW, FORMER = "residents_group_membership", "residents_former_membership"
SCOPES = "scopes <@ ARRAY['sign', 'book', 'pay', 'see_records', 'renew']"


def upgrade() -> None:
    """Apply."""
    _representations()
    _bindings()
    _labels()


def _check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _representations() -> None:
    op.add_column(HELD, sa.Column("until", sa.Date(), nullable=True))
    _check(HELD, "basis", "basis IN ('household', 'named', 'child', 'ward', 'adult')")
    _check(HELD, "scopes", f"{SCOPES} AND cardinality(scopes) > 0")
    _check(
        HELD,
        "ended",
        "(ended_at IS NULL) = (ended_by IS NULL)"
        " AND ended_by IN ('person', 'representative', 'term')",
    )
    op.create_check_constraint(
        op.f(f"ck_{HELD}_child"), HELD, "basis <> 'child' OR until IS NOT NULL"
    )
    op.create_index(
        f"ix_{HELD}_until",
        HELD,
        ["until"],
        postgresql_where=sa.text("ended_at IS NULL AND until IS NOT NULL"),
    )


def _bindings() -> None:
    def to(column: str, table: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint(
            [column], [f"{table}.id"], name=op.f(f"fk_{BINDING}_{column}")
        )

    def check(name: str, condition: str) -> sa.CheckConstraint:
        return sa.CheckConstraint(condition, name=op.f(f"ck_{BINDING}_{name}"))

    op.create_table(
        BINDING,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_number", sa.LargeBinary(), nullable=True),
        sa.Column("representative_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("id_index", sa.LargeBinary(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("institution_id", sa.Uuid(), nullable=True),
        sa.Column("challenge_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("checked_by_name", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("representation_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        check("way", "way IN ('document', 'code', 'desk')"),
        check("basis", "basis IN ('child', 'ward', 'adult')"),
        check("basis_way", "(basis = 'adult') = (way IN ('code', 'desk'))"),
        check(
            "evidence",
            "evidence IN ('birth_certificate', 'household_book', 'guardianship', 'code',"
            " 'id_cards', 'social_cards')",
        ),
        check("state", "state IN ('waiting', 'confirmed', 'refused', 'withdrawn', 'lapsed')"),
        check("done", "(state = 'confirmed') = (representation_id IS NOT NULL)"),
        check("reason", "(state = 'refused') = (reason IS NOT NULL)"),
        check("code", "(way = 'code') = (challenge_id IS NOT NULL)"),
        check("evidence_number", "(way = 'document') = (evidence_number IS NOT NULL)"),
        check("institution", "(way = 'code') = (institution_id IS NULL)"),
        to("representative_id", "residents_person"),
        to("institution_id", "directory_institution"),
        to("checked_by", "auth_account"),
        to("representation_id", HELD),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{BINDING}")),
    )
    op.create_index(
        f"ix_{BINDING}_waiting",
        BINDING,
        ["institution_id", "created_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(f"ix_{BINDING}_representative_id", BINDING, ["representative_id", "created_at"])
    op.create_index(f"ix_{BINDING}_representation_id", BINDING, ["representation_id"])


def _labels() -> None:
    op.add_column(NOW, sa.Column("note", sa.LargeBinary(), nullable=True))
    op.add_column(NOW, sa.Column("set_by_name", sa.Text(), nullable=True))
    op.create_table(
        FORMER,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("group_code", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("set_by_name", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("ended_source", sa.Text(), nullable=False),
        sa.Column("ended_note", sa.LargeBinary(), nullable=True),
        sa.Column("ended_by_name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ended_on >= since", name=op.f(f"ck_{FORMER}_order")),
        sa.CheckConstraint(
            "ended_source IN ('age', 'records', 'staff')", name=op.f(f"ck_{FORMER}_ended_source")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f(f"fk_{FORMER}_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{FORMER}")),
    )
    op.create_index(f"ix_{FORMER}_person_id", FORMER, ["person_id", "ended_on"])


def downgrade() -> None:
    """Undo; what the tables of before cannot hold is ended or forgotten."""
    op.drop_table(FORMER)
    op.drop_column(NOW, "set_by_name")
    op.drop_column(NOW, "note")
    op.drop_table(BINDING)
    op.execute(
        "DELETE FROM residents_representation WHERE basis NOT IN ('household', 'named')"
        " OR NOT 'book' = ANY (scopes) OR ended_by = 'term'"
    )
    op.execute("UPDATE residents_representation SET scopes = ARRAY['book']")
    op.drop_index(f"ix_{HELD}_until", HELD)
    op.drop_constraint(op.f(f"ck_{HELD}_child"), HELD, type_="check")
    _check(
        HELD,
        "ended",
        "(ended_at IS NULL) = (ended_by IS NULL) AND ended_by IN ('person', 'representative')",
    )
    _check(HELD, "scopes", "scopes <@ ARRAY['book'] AND cardinality(scopes) > 0")
    _check(HELD, "basis", "basis IN ('household', 'named')")
    op.drop_column(HELD, "until")
