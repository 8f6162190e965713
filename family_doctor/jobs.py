"""The contracts' calendar."""

from core.database import transaction
from core.jobs import scheduled
from family_doctor.services.calendar import BATCH, DEADLINES, advance
from family_doctor.services.disputes import BATCH as DISPUTES
from family_doctor.services.disputes import pass_on_unanswered


@scheduled("15 * * * *")
def advance_contracts() -> None:
    """Let contracts lapse, near their end and expire; hourly, so that it suits any zone's midnight.

    A batch is a transaction: what is done stays done when a later one fails.
    """
    for deadline in DEADLINES:
        moved = BATCH
        while moved == BATCH:
            with transaction() as session:
                moved = advance(session, deadline)


@scheduled("25 * * * *")
def advance_disputes() -> None:
    """Hand disputes that the team let lie to the administrator; hourly."""
    passed = DISPUTES
    while passed == DISPUTES:
        with transaction() as session:
            passed = pass_on_unanswered(session)
