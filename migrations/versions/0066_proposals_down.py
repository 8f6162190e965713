"""Whoever receives a patient on the way down may propose another house, which has no department."""

from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

REFERRAL = "appointments_referral"
NAME = f"ck_{REFERRAL}_proposal"
BEFORE = (
    "num_nonnulls(proposed_institution_id, proposed_department_id) IN (0, 2)"
    " AND (state <> 'proposed' OR proposed_department_id IS NOT NULL)"
)
SINCE = (
    "CASE direction WHEN 'up'"
    " THEN num_nonnulls(proposed_institution_id, proposed_department_id) IN (0, 2)"
    " ELSE num_nonnulls(proposed_department_id, proposed_slot_id) = 0 END"
    " AND (state <> 'proposed' OR proposed_institution_id IS NOT NULL)"
)


def upgrade() -> None:
    """Apply."""
    op.drop_constraint(op.f(NAME), REFERRAL, type_="check")
    op.create_check_constraint(op.f(NAME), REFERRAL, SINCE)


def downgrade() -> None:
    """Undo. What was proposed on the way down waits for its receiver again, as if unsaid."""
    op.execute(
        "UPDATE appointments_referral SET proposed_institution_id = NULL,"
        " state = CASE state WHEN 'proposed' THEN 'sent' ELSE state END"
        " WHERE direction = 'down' AND proposed_institution_id IS NOT NULL"
    )
    op.drop_constraint(op.f(NAME), REFERRAL, type_="check")
    op.create_check_constraint(op.f(NAME), REFERRAL, BEFORE)
