"""The day itself: tickets of the queues, triage, the screens of the waiting halls."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0022"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
CALLING = "recall_max BETWEEN 0 AND 9 AND skip_behind BETWEEN 1 AND 50"
TICKET_CHECKS = {
    "state": "state IN ('waiting', 'called', 'done', 'skipped', 'left')",
    "priority": "priority BETWEEN 0 AND 4",
    "called": "state NOT IN ('called', 'done') OR called_at IS NOT NULL",
    "done": "(state = 'done') = (done_at IS NOT NULL)",
    "skipped": "(state = 'skipped') = (skipped_at IS NOT NULL)",
}


def upgrade() -> None:
    """Apply."""
    for name in ("recall_max", "skip_behind"):
        op.add_column(
            "appointments_rule",
            sa.Column(name, sa.SmallInteger(), nullable=False, server_default="3"),
        )
    op.create_check_constraint(
        op.f("ck_appointments_rule_calling"), "appointments_rule", sa.text(CALLING)
    )
    _tickets()
    _triages()
    _screens()


def _tickets() -> None:
    table = "appointments_ticket"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("arrived_at", MOMENT, nullable=False),
        sa.Column("called_at", MOMENT, nullable=True),
        sa.Column("called_by", sa.Uuid(), nullable=True),
        sa.Column("calls", sa.SmallInteger(), nullable=False),
        sa.Column("skipped_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        *_checks(table, TICKET_CHECKS),
        _key(table, "session_id", "appointments_session"),
        _key(table, "booking_id", "appointments_booking"),
        _key(table, "person_id", "residents_person"),
        _key(table, "called_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_ticket")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_appointments_ticket_booking_id")),
        sa.UniqueConstraint(
            "department_id",
            "date",
            "label",
            name=op.f("uq_appointments_ticket_department_id_date_label"),
        ),
    )
    op.create_index(
        "uq_appointments_ticket_called",
        table,
        ["session_id"],
        unique=True,
        postgresql_where=sa.text("state = 'called'"),
    )
    op.create_index(
        "ix_appointments_ticket_session_id",
        table,
        ["session_id", "priority", "due_at", "arrived_at"],
    )


def _triages() -> None:
    table = "appointments_triage"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("complaint", sa.LargeBinary(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        *_checks(
            table,
            {
                "level": "level BETWEEN 1 AND 4",
                "redirect": "num_nonnulls(department_id, booking_id) IN (0, 2)",
            },
        ),
        _key(table, "ticket_id", "appointments_ticket"),
        _key(table, "person_id", "residents_person"),
        _key(table, "department_id", "directory_department"),
        _key(table, "booking_id", "appointments_booking"),
        _key(table, "made_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_triage")),
    )
    op.create_index("ix_appointments_triage_ticket_id", table, ["ticket_id"])


def _screens() -> None:
    table = "appointments_screen"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("department_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        _key(table, "institution_id", "directory_institution"),
        _key(table, "made_by", "auth_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_screen")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_appointments_screen_token_hash")),
    )
    op.create_index(
        "ix_appointments_screen_institution_id", table, ["institution_id", "created_at"]
    )


def _checks(table: str, checks: dict[str, str]) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(rule, op.f(f"ck_{table}_{name}")) for name, rule in checks.items()]


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    """Undo."""
    for name in ("screen", "triage", "ticket"):
        op.drop_table(f"appointments_{name}")
    op.drop_constraint("ck_appointments_rule_calling", "appointments_rule")
    for name in ("recall_max", "skip_behind"):
        op.drop_column("appointments_rule", name)
