"""A referral whose visit fell away waits for another, and is found by its deadline."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

TABLE = "appointments_referral"
ANSWER_BY = f"ix_{TABLE}_answer_by"
BEFORE = (
    "accepted", "answered", "arrived", "asked", "closed", "declined", "lapsed", "missed",
    "proposed", "refused", "sent", "withdrawn",
)  # fmt: skip
UNDECIDED = "state IN ('sent', 'asked', 'answered', 'proposed')"
WITH_DEADLINE = "state IN ('sent', 'asked', 'answered', 'proposed', 'unbooked')"
AT_ONCE = "state = 'accepted' AND direction = 'up' AND booking_id IS NULL"


def upgrade() -> None:
    """Apply."""
    _states((*BEFORE, "unbooked"))
    _deadline(WITH_DEADLINE)
    op.create_index(
        f"ix_{TABLE}_accepted_at", TABLE, ["accepted_at"], postgresql_where=sa.text(AT_ONCE)
    )


def downgrade() -> None:
    """Undo. Without a visit one is accepted, as before."""
    op.drop_index(f"ix_{TABLE}_accepted_at", TABLE)
    op.execute("UPDATE appointments_referral SET state = 'accepted' WHERE state = 'unbooked'")
    op.execute(
        "UPDATE appointments_referral_step SET step = 'place', state = 'accepted'"
        " WHERE step IN ('lose', 'move') OR state = 'unbooked'"
    )
    _deadline(UNDECIDED)
    _states(BEFORE)


def _states(states: tuple[str, ...]) -> None:
    op.drop_constraint(f"ck_{TABLE}_state", TABLE)
    listed = ", ".join(f"'{state}'" for state in sorted(states))
    op.create_check_constraint(op.f(f"ck_{TABLE}_state"), TABLE, f"state IN ({listed})")


def _deadline(condition: str) -> None:
    op.drop_index(ANSWER_BY, TABLE)
    op.create_index(ANSWER_BY, TABLE, ["answer_by"], postgresql_where=sa.text(condition))
