"""Team work: who looks after which resident, handovers, absences with their substitutes."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

HANDOVER, ASSIGNMENT, ABSENCE = (
    "family_doctor_handover",
    "family_doctor_assignment",
    "family_doctor_absence",
)


def upgrade() -> None:
    """Apply."""
    _handovers()
    _assignments()
    _absences()


def downgrade() -> None:
    """Undo."""
    for table in (ABSENCE, ASSIGNMENT, HANDOVER):
        op.drop_table(table)


def _handovers() -> None:
    op.create_table(
        HANDOVER,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("to_staff_id", sa.Uuid(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("residents", sa.Integer(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.CheckConstraint("residents > 0", name=op.f(f"ck_{HANDOVER}_residents")),
        _to(HANDOVER, "team_id", "directory_team"),
        _to(HANDOVER, "to_staff_id", "directory_staff"),
        _to(HANDOVER, "account_id", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{HANDOVER}")),
    )
    op.create_index(f"ix_{HANDOVER}_team_id", HANDOVER, ["team_id", "id"])


def _assignments() -> None:
    op.create_table(
        ASSIGNMENT,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("staff_name", sa.Text(), nullable=False),
        sa.Column("handover_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("until >= since", name=op.f(f"ck_{ASSIGNMENT}_period")),
        _to(ASSIGNMENT, "contract_id", "family_doctor_contract"),
        _to(ASSIGNMENT, "team_id", "directory_team"),
        _to(ASSIGNMENT, "staff_id", "directory_staff"),
        _to(ASSIGNMENT, "handover_id", HANDOVER),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{ASSIGNMENT}")),
    )
    current = sa.text("until IS NULL")
    op.create_index(
        f"uq_{ASSIGNMENT}_current",
        ASSIGNMENT,
        ["contract_id"],
        unique=True,
        postgresql_where=current,
    )
    op.create_index(
        f"ix_{ASSIGNMENT}_staff_id", ASSIGNMENT, ["team_id", "staff_id"], postgresql_where=current
    )
    op.create_index(f"ix_{ASSIGNMENT}_contract_id", ASSIGNMENT, ["contract_id", "since"])
    op.create_index(f"ix_{ASSIGNMENT}_handover_id", ASSIGNMENT, ["handover_id"])


def _absences() -> None:
    op.create_table(
        ABSENCE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("staff_name", sa.Text(), nullable=False),
        sa.Column("substitute_id", sa.Uuid(), nullable=False),
        sa.Column("substitute_name", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f(f"ck_{ABSENCE}_days")),
        sa.CheckConstraint("staff_id <> substitute_id", name=op.f(f"ck_{ABSENCE}_substitute")),
        _to(ABSENCE, "team_id", "directory_team"),
        _to(ABSENCE, "staff_id", "directory_staff"),
        _to(ABSENCE, "substitute_id", "directory_staff"),
        _to(ABSENCE, "account_id", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{ABSENCE}")),
    )
    op.execute(
        f"ALTER TABLE {ABSENCE} ADD CONSTRAINT ex_{ABSENCE}_once EXCLUDE USING gist"
        " (team_id WITH =, staff_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&)"
        " WHERE (ended_at IS NULL)"
    )
    op.create_index(f"ix_{ABSENCE}_team_id", ABSENCE, ["team_id", "ends_on"])


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
