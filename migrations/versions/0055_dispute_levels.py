"""Who decides a dispute is reminded, and it goes to the next above when their time has passed."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

RULE, DISPUTE = "family_doctor_rule", "family_doctor_dispute"
WAITING = f"uq_{DISPUTE}_contract_id"
BEFORE = "'answered', 'dismissed', 'open', 'unanswered', 'upheld', 'withdrawn'"
NOW = BEFORE.replace("'dismissed'", "'dismissed', 'escalated'")
TO_DECIDE = "state IN ('answered', 'escalated', 'unanswered')"


def _waiting(states: str) -> None:
    op.drop_index(WAITING, DISPUTE)
    where = sa.text(f"state IN ({states})")
    op.create_index(WAITING, DISPUTE, ["contract_id"], unique=True, postgresql_where=where)


def _check(name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{DISPUTE}_{name}"), DISPUTE)
    op.create_check_constraint(op.f(f"ck_{DISPUTE}_{name}"), DISPUTE, condition)


def upgrade() -> None:
    """Apply. What waits for a decision is the institution's to decide, by the day it has."""
    for name, days in (("dispute_remind_days", "3"), ("dispute_escalate_days", "7")):
        op.add_column(RULE, sa.Column(name, sa.SmallInteger(), server_default=days, nullable=False))
    op.create_check_constraint(
        op.f(f"ck_{RULE}_dispute_levels"),
        RULE,
        "dispute_remind_days > 0 AND dispute_escalate_days > 0",
    )
    op.add_column(DISPUTE, sa.Column("decider", sa.Text()))
    op.add_column(DISPUTE, sa.Column("decider_name", sa.Text(), server_default="", nullable=False))
    for moment in ("reminded_for", "late_since"):
        op.add_column(DISPUTE, sa.Column(moment, sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE family_doctor_dispute SET decider = unit.id::text, decider_name = unit.name"
        " FROM directory_institution AS unit"
        " WHERE unit.id = institution_id AND decide_by IS NOT NULL"
    )
    _check("state", f"state IN ({NOW})")
    _check("to_decide", f"NOT ({TO_DECIDE}) OR num_nulls(decide_by, decider) = 0")
    late = "state <> 'escalated' OR late_since IS NOT NULL"
    op.create_check_constraint(op.f(f"ck_{DISPUTE}_escalated"), DISPUTE, late)
    _waiting("'answered', 'escalated', 'open', 'unanswered'")
    op.create_index(
        f"ix_{DISPUTE}_decide_by", DISPUTE, ["decide_by"], postgresql_where=sa.text(TO_DECIDE)
    )


def downgrade() -> None:
    """Undo. What went to those above waits for the institution again."""
    op.drop_index(f"ix_{DISPUTE}_decide_by", DISPUTE)
    op.drop_constraint(op.f(f"ck_{DISPUTE}_escalated"), DISPUTE)
    op.execute(
        "UPDATE family_doctor_dispute SET state ="
        " CASE WHEN answer IS NULL THEN 'unanswered' ELSE 'answered' END"
        " WHERE state = 'escalated'"
    )
    _check("state", f"state IN ({BEFORE})")
    _check("to_decide", "NOT (state IN ('answered', 'unanswered')) OR decide_by IS NOT NULL")
    _waiting("'answered', 'open', 'unanswered'")
    for column in ("late_since", "reminded_for", "decider_name", "decider"):
        op.drop_column(DISPUTE, column)
    op.drop_constraint(op.f(f"ck_{RULE}_dispute_levels"), RULE)
    for column in ("dispute_escalate_days", "dispute_remind_days"):
        op.drop_column(RULE, column)
