"""The queue at a release; conduct in booking, its rules, and reviews by staff."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _releases()
    _arrivals()
    _rules()
    _acts()
    _cases()


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _releases() -> None:
    op.create_table(
        "appointments_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        _moment("opens_at"),
        _moment("ends_at"),
        sa.Column("rate", sa.SmallInteger(), nullable=False),
        sa.Column("sealed_seed", sa.LargeBinary(), nullable=False),
        sa.Column("seed_hash", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=True),
        _moment("drawn_at", nullable=True),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        _moment("last_arrived_at", nullable=True),
        _moment("created_at"),
        sa.CheckConstraint(
            "opens_at < ends_at AND rate >= 1", name=op.f("ck_appointments_release_queue")
        ),
        sa.CheckConstraint(
            "num_nonnulls(drawn_at, seed) IN (0, 2) AND drawn BETWEEN 0 AND arrivals",
            name=op.f("ck_appointments_release_drawn"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_appointments_release_institution_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_release")),
        sa.UniqueConstraint(
            "institution_id",
            "opens_at",
            name=op.f("uq_appointments_release_institution_id_opens_at"),
        ),
        postgresql_with={"fillfactor": 20},
    )
    op.create_index("ix_appointments_release_opens_at", "appointments_release", ["opens_at"])


def _arrivals() -> None:
    op.create_table(
        "appointments_arrival",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _moment("arrived_at"),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_appointments_arrival_number")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_appointments_arrival_person_id")
        ),
        sa.PrimaryKeyConstraint("release_id", "person_id", name=op.f("pk_appointments_arrival")),
        sa.UniqueConstraint(
            "release_id", "number", name=op.f("uq_appointments_arrival_release_id_number")
        ),
    )


def _rules() -> None:
    op.create_table(
        "appointments_conduct_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("window_seconds", sa.Integer(), nullable=False),
        sa.Column("slow_at", sa.SmallInteger(), nullable=False),
        sa.Column("confirm_at", sa.SmallInteger(), nullable=False),
        sa.Column("review_at", sa.SmallInteger(), nullable=False),
        sa.Column("pause_seconds", sa.SmallInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False, server_default="1"),
        sa.CheckConstraint(
            "code IN ('patients_per_account', 'book_cancel', 'too_fast', 'accounts_per_device')",
            name=op.f("ck_appointments_conduct_rule_code"),
        ),
        sa.CheckConstraint(
            "2 <= slow_at AND slow_at <= confirm_at", name=op.f("ck_appointments_conduct_rule_slow")
        ),
        sa.CheckConstraint(
            "confirm_at <= review_at", name=op.f("ck_appointments_conduct_rule_review")
        ),
        sa.CheckConstraint(
            "window_seconds >= 1 AND pause_seconds >= 1",
            name=op.f("ck_appointments_conduct_rule_seconds"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_conduct_rule")),
        sa.UniqueConstraint("code", name=op.f("uq_appointments_conduct_rule_code")),
    )


def _acts() -> None:
    op.create_table(
        "appointments_conduct_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        _moment("at"),
        sa.Column("cancel", sa.Boolean(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_conduct_act")),
    )
    op.create_index(
        "ix_appointments_conduct_act_account_id_at",
        "appointments_conduct_act",
        ["account_id", "at"],
    )
    op.create_index(
        "ix_appointments_conduct_act_device_at",
        "appointments_conduct_act",
        ["device", "at"],
        postgresql_where=sa.text("device IS NOT NULL"),
    )
    op.create_index(
        "ix_appointments_conduct_act_at",
        "appointments_conduct_act",
        ["at"],
        postgresql_using="brin",
    )


def _cases() -> None:
    op.create_table(
        "appointments_conduct_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("institution_name", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        _moment("created_at"),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        _moment("answered_at", nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        _moment("decided_at", nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        _moment("rests_until", nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'cleared', 'upheld')",
            name=op.f("ck_appointments_conduct_case_state"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL) AND (state = 'upheld') = (rests_until IS NOT"
            " NULL) AND num_nonnulls(decided_at, decided_by) IN (0, 2)",
            name=op.f("ck_appointments_conduct_case_decided"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(answer, answered_at) IN (0, 2)",
            name=op.f("ck_appointments_conduct_case_answered"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["auth_account.id"],
            name=op.f("fk_appointments_conduct_case_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["residents_person.id"],
            name=op.f("fk_appointments_conduct_case_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["directory_institution.id"],
            name=op.f("fk_appointments_conduct_case_institution_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["auth_account.id"],
            name=op.f("fk_appointments_conduct_case_decided_by"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments_conduct_case")),
    )
    op.create_index(
        "uq_appointments_conduct_case_account_id",
        "appointments_conduct_case",
        ["account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_appointments_conduct_case_account_id",
        "appointments_conduct_case",
        ["account_id", "created_at"],
    )
    op.create_index(
        "ix_appointments_conduct_case_institution_id",
        "appointments_conduct_case",
        ["institution_id", "state", "created_at"],
    )


def downgrade() -> None:
    """Undo: queues, counts and reviews are forgotten."""
    for table in ("conduct_case", "conduct_act", "conduct_rule", "arrival", "release"):
        op.drop_table(f"appointments_{table}")
