"""Long-term medicines and requests to renew them; the limits on the ways of signing get a history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

RULE, MEDICINE, REFILL, WAYS = (
    "family_doctor_prescription_rule",
    "family_doctor_medicine",
    "family_doctor_refill",
    "family_doctor_way_rule",
)
UNANSWERED = "state IN ('escalated', 'waiting')"
# The one row of the limits; a history is kept of things that have such an id.
THE_ONE = "00000000-0000-0000-0000-000000000001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        RULE,
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f(f"pk_{RULE}")),
    )
    _medicines()
    _refills()
    op.drop_constraint(f"ck_{WAYS}_one", WAYS)
    op.alter_column(WAYS, "id", server_default=None)
    op.alter_column(
        WAYS, "id", type_=sa.Uuid(), postgresql_using=f"'{THE_ONE}'::uuid", existing_nullable=False
    )
    op.alter_column(WAYS, "id", server_default=THE_ONE)
    op.create_check_constraint(op.f(f"ck_{WAYS}_one"), WAYS, f"id = '{THE_ONE}'")
    op.add_column(WAYS, sa.Column("estimate", sa.Boolean(), server_default="true", nullable=False))
    op.add_column(WAYS, sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False))


def _medicines() -> None:
    op.create_table(
        MEDICINE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("class_code", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("dose", sa.LargeBinary(), nullable=False),
        sa.Column("supply_days", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("runs_out_on", sa.Date(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("supply_days BETWEEN 1 AND 84", name=op.f(f"ck_{MEDICINE}_supply_days")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f(f"ck_{MEDICINE}_ended")
        ),
        _to(MEDICINE, "person_id", "residents_person"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{MEDICINE}")),
    )
    op.create_index(f"ix_{MEDICINE}_person_id", MEDICINE, ["person_id", "ended_at"])


def _refills() -> None:
    op.create_table(
        REFILL,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("medicine_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("class_code", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("dose", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("for_another", sa.Boolean(), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("usual_days", sa.SmallInteger(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("days", sa.SmallInteger(), nullable=True),
        sa.Column("new_dose", sa.LargeBinary(), nullable=True),
        sa.Column("assessment", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('changed', 'escalated', 'expired', 'refused', 'renewed', 'visit',"
            " 'waiting', 'withdrawn')",
            name=op.f(f"ck_{REFILL}_state"),
        ),
        sa.CheckConstraint(
            "(state IN ('changed', 'refused', 'renewed', 'visit')) = (decided_at IS NOT NULL)"
            " AND num_nonnulls(decided_at, decided_by) IN (0, 2)",
            name=op.f(f"ck_{REFILL}_decided"),
        ),
        sa.CheckConstraint(
            "(state IN ('changed', 'renewed')) = (days IS NOT NULL) AND days BETWEEN 1 AND 84",
            name=op.f(f"ck_{REFILL}_days"),
        ),
        sa.CheckConstraint(
            "(state = 'changed') = (new_dose IS NOT NULL)", name=op.f(f"ck_{REFILL}_new_dose")
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR reason IS NOT NULL", name=op.f(f"ck_{REFILL}_reason")
        ),
        _to(REFILL, "medicine_id", MEDICINE),
        _to(REFILL, "person_id", "residents_person"),
        _to(REFILL, "asked_by_id", "residents_person"),
        _to(REFILL, "team_id", "directory_team"),
        _to(REFILL, "institution_id", "directory_institution"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{REFILL}")),
    )
    op.create_index(
        f"uq_{REFILL}_medicine_id",
        REFILL,
        ["medicine_id"],
        unique=True,
        postgresql_where=sa.text(UNANSWERED),
    )
    op.create_index(f"ix_{REFILL}_medicine_id", REFILL, ["medicine_id"])
    op.create_index(f"ix_{REFILL}_person_id", REFILL, ["person_id", "asked_at"])
    op.create_index(f"ix_{REFILL}_team_id", REFILL, ["team_id", "state", "asked_at"])
    op.create_index(
        f"ix_{REFILL}_answer_by", REFILL, ["answer_by"], postgresql_where=sa.text(UNANSWERED)
    )


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    """Undo."""
    op.drop_column(WAYS, "version")
    op.drop_column(WAYS, "estimate")
    op.drop_constraint(f"ck_{WAYS}_one", WAYS)
    op.alter_column(WAYS, "id", server_default=None)
    op.alter_column(WAYS, "id", type_=sa.SmallInteger(), postgresql_using="1")
    op.alter_column(WAYS, "id", server_default="1")
    op.create_check_constraint(op.f(f"ck_{WAYS}_one"), WAYS, "id = 1")
    for table in (REFILL, MEDICINE, RULE):
        op.drop_table(table)
