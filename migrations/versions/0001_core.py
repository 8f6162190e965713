"""core."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# The job queue's own tables, functions and types, whatever its version named them.
DROP_JOB_QUEUE = """
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN
        SELECT format('DROP TABLE IF EXISTS %s CASCADE', oid::regclass) FROM pg_class
        WHERE relkind = 'r' AND relname LIKE 'procrastinate\\_%' AND pg_table_is_visible(oid)
        UNION ALL
        SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pg_function_is_visible(oid)
        UNION ALL
        SELECT format('DROP TYPE IF EXISTS %s CASCADE', pg_type.oid::regtype) FROM pg_type
        LEFT JOIN pg_class ON pg_class.oid = typrelid
        WHERE typname LIKE 'procrastinate\\_%' AND pg_type_is_visible(pg_type.oid)
            AND (typtype = 'e' OR relkind = 'c')
    LOOP
        EXECUTE statement;
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Apply."""
    # The job queue brings its own schema; it holds several statements and literal % signs.
    op.get_bind().connection.cursor().execute(SchemaManager.get_schema())
    op.create_table(
        "core_audit_event",
        sa.Column("id", sa.UUID(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_audit_event")),
    )
    op.create_index(
        "ix_core_audit_event_account_id_at", "core_audit_event", ["account_id", "at"], unique=False
    )
    op.create_index(
        "ix_core_audit_event_person_id_at", "core_audit_event", ["person_id", "at"], unique=False
    )
    op.create_table(
        "core_change_record",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_change_record")),
    )
    op.create_index(
        "ix_core_change_record_subject",
        "core_change_record",
        ["subject_type", "subject_id", "at"],
        unique=False,
    )
    op.create_table(
        "core_event_delivery",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "subscriber", name=op.f("pk_core_event_delivery")),
    )
    op.create_table(
        "core_stored_answer",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_core_stored_answer")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("core_stored_answer")
    op.drop_table("core_event_delivery")
    op.drop_index("ix_core_change_record_subject", table_name="core_change_record")
    op.drop_table("core_change_record")
    op.drop_index("ix_core_audit_event_person_id_at", table_name="core_audit_event")
    op.drop_index("ix_core_audit_event_account_id_at", table_name="core_audit_event")
    op.drop_table("core_audit_event")
    op.execute(DROP_JOB_QUEUE)
