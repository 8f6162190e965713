"""payments."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "payments_payment",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=True),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(refunded_at IS NOT NULL) = (state = 'refunded')",
            name=op.f("ck_payments_payment_refunded"),
        ),
        sa.CheckConstraint(
            "(settled_at IS NOT NULL) = (state IN ('settled', 'refunded'))",
            name=op.f("ck_payments_payment_settled"),
        ),
        sa.CheckConstraint(
            "state IN ('created', 'pending', 'failed', 'settled', 'cancelled', 'refunded')",
            name=op.f("ck_payments_payment_state"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payments_payment_amount")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["auth_account.id"], name=op.f("fk_payments_payment_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["residents_person.id"], name=op.f("fk_payments_payment_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments_payment")),
        sa.UniqueConstraint(
            "provider_reference", name=op.f("uq_payments_payment_provider_reference")
        ),
        sa.UniqueConstraint(
            "purpose", "subject_id", name=op.f("uq_payments_payment_purpose_subject_id")
        ),
    )
    op.create_index(
        "ix_payments_payment_open",
        "payments_payment",
        ["checked_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'failed')"),
    )
    op.create_index(
        "ix_payments_payment_person_id",
        "payments_payment",
        ["person_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "payments_webhook_event",
        sa.Column("provider_event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.UUID(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payments_payment.id"],
            name=op.f("fk_payments_webhook_event_payment_id"),
        ),
        sa.PrimaryKeyConstraint("provider_event_id", name=op.f("pk_payments_webhook_event")),
    )
    op.create_index(
        "ix_payments_webhook_event_payment_id",
        "payments_webhook_event",
        ["payment_id"],
        unique=False,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_payments_webhook_event_payment_id", table_name="payments_webhook_event")
    op.drop_table("payments_webhook_event")
    op.drop_index("ix_payments_payment_person_id", table_name="payments_payment")
    op.drop_index(
        "ix_payments_payment_open",
        table_name="payments_payment",
        postgresql_where=sa.text("state IN ('pending', 'failed')"),
    )
    op.drop_table("payments_payment")
