"""Refunds of a part of a payment: what is due, who approved it, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

PAYMENT, REFUND = "payments_payment", "payments_refund"
# The payment carries the sum of its refunds, so that the database itself refuses one too many; and
# how much a refund is of which payment never changes, so that the sum stays true.
COUNTED = """
CREATE FUNCTION payments_refund_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE payments_payment SET refunds_fen = refunds_fen - OLD.amount_fen WHERE id = OLD.payment_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE payments_payment SET refunds_fen = refunds_fen + NEW.amount_fen WHERE id = NEW.payment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER payments_refund_counted
    AFTER INSERT OR DELETE OR UPDATE OF payment_id, amount_fen ON payments_refund
    FOR EACH ROW EXECUTE FUNCTION payments_refund_counted();
"""


def upgrade() -> None:
    """Apply. What was reckoned before and told to be paid by the institution is paid by it."""
    op.add_column(
        PAYMENT, sa.Column("refunds_fen", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f(f"ck_{PAYMENT}_refunds"), PAYMENT, "refunds_fen BETWEEN 0 AND amount_fen"
    )
    keys = {
        "payment_id": "payments_payment.id",
        "institution_id": "directory_institution.id",
        "approved_by": "auth_account.id",
        "paid_out_by": "auth_account.id",
    }
    moments = ("approved_at", "heard_at", "done_at", "failed_at")
    op.create_table(
        REFUND,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Uuid(), nullable=True) for name in keys),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in moments),
        sa.CheckConstraint("amount_fen > 0", name=op.f(f"ck_{REFUND}_amount")),
        sa.CheckConstraint("attempt > 0", name=op.f(f"ck_{REFUND}_attempt")),
        sa.CheckConstraint(
            "state IN ('due', 'sent', 'done', 'failed')", name=op.f(f"ck_{REFUND}_state")
        ),
        sa.CheckConstraint("way IN ('provider', 'desk')", name=op.f(f"ck_{REFUND}_way")),
        sa.CheckConstraint(
            "way = 'desk' OR payment_id IS NOT NULL", name=op.f(f"ck_{REFUND}_provider")
        ),
        sa.CheckConstraint(
            "(state = 'due') = (approved_at IS NULL)", name=op.f(f"ck_{REFUND}_approved")
        ),
        sa.CheckConstraint(
            "(state = 'done') = (done_at IS NOT NULL)", name=op.f(f"ck_{REFUND}_done")
        ),
        sa.CheckConstraint(
            "(state = 'failed') = (failed_at IS NOT NULL)", name=op.f(f"ck_{REFUND}_failed")
        ),
        sa.CheckConstraint(
            "(paid_out_by IS NOT NULL) = (way = 'desk' AND state = 'done')",
            name=op.f(f"ck_{REFUND}_paid_out"),
        ),
        *(
            sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{REFUND}_{name}"))
            for name, target in (keys | {"person_id": "residents_person.id"}).items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{REFUND}")),
        sa.UniqueConstraint(
            "cause_id", "subject_id", name=op.f(f"uq_{REFUND}_cause_id_subject_id")
        ),
        sa.UniqueConstraint("provider_reference", name=op.f(f"uq_{REFUND}_provider_reference")),
    )
    op.create_index(f"ix_{REFUND}_subject_id", REFUND, ["subject_id"])
    op.create_index(f"ix_{REFUND}_payment_id", REFUND, ["payment_id"])
    op.create_index(f"ix_{REFUND}_person_id", REFUND, ["person_id", "created_at"])
    op.create_index(f"ix_{REFUND}_institution_id", REFUND, ["institution_id", "state"])
    op.create_index(
        f"ix_{REFUND}_open",
        REFUND,
        ["heard_at"],
        postgresql_where=sa.text("state = 'sent' AND way = 'provider'"),
    )
    op.execute(COUNTED)


def downgrade() -> None:
    """Undo. What was given back stays so at the provider."""
    op.drop_table(REFUND)
    op.execute(f"DROP FUNCTION {REFUND}_counted")
    op.drop_constraint(op.f(f"ck_{PAYMENT}_refunds"), PAYMENT)
    op.drop_column(PAYMENT, "refunds_fen")
