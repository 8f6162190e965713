"""core, audit: events by month, their signed log, and residents' questions about an access."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# The month's rows may have landed in the default partition: they are moved while nobody else can
# write there. Whoever holds it for long makes the job try again, rather than everybody wait.
MAKE_PARTITION = """
CREATE FUNCTION core_make_audit_partition(month date) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '5s' AS $$
DECLARE
    part text := 'core_audit_event_' || to_char(month, 'YYYYMM');
    begins timestamptz := month::timestamp AT TIME ZONE 'UTC';
    ends timestamptz := (month + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    LOCK TABLE core_audit_event_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE core_audit_event INCLUDING CONSTRAINTS)', part);
    EXECUTE format(
        'WITH moved AS (DELETE FROM core_audit_event_default'
        ' WHERE at >= %L AND at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
        begins, ends, part
    );
    EXECUTE format(
        'ALTER TABLE core_audit_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        part, begins, ends
    );
END $$
"""
MAKE_MONTHS = """
SELECT core_make_audit_partition(month::date)
FROM generate_series(
    date_trunc('month', coalesce((SELECT min(at) FROM before_0014), now()) AT TIME ZONE 'UTC'),
    date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months',
    interval '1 month'
) AS month
"""


def upgrade() -> None:
    """Apply."""
    _set_aside()
    _create_events(["id", "at"], partition_by="RANGE (at)")
    op.create_index("ix_core_audit_event_at_id", "core_audit_event", ["at", "id"])
    op.execute("CREATE TABLE core_audit_event_default PARTITION OF core_audit_event DEFAULT")
    op.execute(MAKE_PARTITION)
    op.execute(MAKE_MONTHS)
    _bring_back()
    op.create_table(
        "core_audit_unsequenced",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_core_audit_unsequenced")),
    )
    op.execute("INSERT INTO core_audit_unsequenced SELECT id, at FROM core_audit_event")
    _create_log()
    _create_questions()


def downgrade() -> None:
    """Undo; the log of the events is gone then, the events stay."""
    op.drop_table("audit_question")
    op.drop_table("audit_leaf")
    op.drop_table("audit_head")
    op.drop_table("audit_key")
    op.drop_table("core_audit_unsequenced")
    op.execute("DROP FUNCTION core_make_audit_partition")
    op.drop_index("ix_core_audit_event_at_id", table_name="core_audit_event")
    _set_aside()
    _create_events(["id"])
    _bring_back()


def _set_aside() -> None:
    op.drop_index("ix_core_audit_event_account_id_at", table_name="core_audit_event")
    op.drop_index("ix_core_audit_event_person_id_at", table_name="core_audit_event")
    op.drop_constraint(op.f("pk_core_audit_event"), "core_audit_event", type_="primary")
    op.rename_table("core_audit_event", "before_0014")


def _bring_back() -> None:
    op.execute("INSERT INTO core_audit_event SELECT * FROM before_0014")
    op.drop_table("before_0014")


def _create_events(key: list[str], partition_by: str | None = None) -> None:
    op.create_table(
        "core_audit_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("acting_for", sa.Uuid(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("policies", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('allowed', 'denied')", name=op.f("ck_core_audit_event_outcome")
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_core_audit_event")),
        postgresql_partition_by=partition_by,
    )
    op.create_index("ix_core_audit_event_account_id_at", "core_audit_event", ["account_id", "at"])
    op.create_index("ix_core_audit_event_person_id_at", "core_audit_event", ["person_id", "at"])


def _create_log() -> None:
    op.create_table(
        "audit_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=True),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(private_key IS NULL) = (retired_at IS NOT NULL)",
            name=op.f("ck_audit_key_no_private_key_once_retired"),
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_audit_key")),
    )
    op.create_table(
        "audit_head",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=True),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["kid"], ["audit_key.kid"], name=op.f("fk_audit_head_kid")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_head")),
    )
    op.create_index("ix_audit_head_size", "audit_head", ["size"])
    op.create_index("ix_audit_head_at", "audit_head", ["at"])
    op.create_table(
        "audit_leaf",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_leaf")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_leaf_event_id")),
    )


def _create_questions() -> None:
    op.create_table(
        "audit_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'improper')", name=op.f("ck_audit_question_state")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (answer IS NULL)", name=op.f("ck_audit_question_answer")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["auth_account.id"], name=op.f("fk_audit_question_answered_by")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_audit_question_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_question")),
        sa.UniqueConstraint(
            "event_id", "person_id", name=op.f("uq_audit_question_event_id_person_id")
        ),
    )
    op.create_index("ix_audit_question_person_id", "audit_question", ["person_id", "created_at"])
    op.create_index("ix_audit_question_state", "audit_question", ["state", "created_at"])
