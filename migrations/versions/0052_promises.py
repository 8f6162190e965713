"""Within how many days a service is recorded; a refund may hold what was bought beside a contract."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

RULE, CONTRACT = "family_doctor_rule", "family_doctor_contract"
REFUND = f"ck_{CONTRACT}_refund"
TOGETHER = "(refund_fen IS NULL) = (refund_basis IS NULL)"


def upgrade() -> None:
    """Apply. What was due until now was of the contract alone."""
    days = sa.Column("service_record_days", sa.SmallInteger(), server_default="3", nullable=False)
    op.add_column(RULE, days)
    op.create_check_constraint(op.f(f"ck_{RULE}_record"), RULE, "service_record_days >= 0")
    op.drop_constraint(op.f(REFUND), CONTRACT)
    op.create_check_constraint(op.f(REFUND), CONTRACT, f"{TOGETHER} AND refund_fen >= 0")
    op.execute(
        "UPDATE family_doctor_contract SET refund_basis = refund_basis"
        " || jsonb_build_object('contract_fen', refund_fen)"
        " WHERE refund_basis IS NOT NULL"
    )


def downgrade() -> None:
    """Undo. What is due of packs bought beside a contract is no longer known to it."""
    op.drop_constraint(op.f(REFUND), CONTRACT)
    op.execute(
        "UPDATE family_doctor_contract SET refund_fen = (refund_basis ->> 'contract_fen')::integer,"
        " refund_basis = (refund_basis - 'contract_fen' - 'bought')"
        " || jsonb_build_object('refund_fen', refund_basis -> 'contract_fen')"
        " WHERE refund_basis IS NOT NULL"
    )
    op.create_check_constraint(
        op.f(REFUND), CONTRACT, f"{TOGETHER} AND refund_fen BETWEEN 0 AND person_fen * term_years"
    )
    op.drop_constraint(op.f(f"ck_{RULE}_record"), RULE)
    op.drop_column(RULE, "service_record_days")
