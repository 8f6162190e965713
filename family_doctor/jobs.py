"""The contracts' calendar."""

from core.database import transaction
from core.jobs import scheduled
from family_doctor.services.calendar import BATCH, DEADLINES, advance
from family_doctor.services.planning import BATCH as PLAN_BATCH
from family_doctor.services.planning import plan_batch
from family_doctor.services.reminders import BATCH as REMIND_BATCH
from family_doctor.services.reminders import remind_residents, remind_teams


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


@scheduled("40 * * * *")
def plan_obligations() -> None:
    """Plan what the norms owe, each contract once a day; a batch is a transaction, so what is
    planned stays so when the job stops, and the next one goes on from there.
    """
    planned = PLAN_BATCH
    while planned == PLAN_BATCH:
        with transaction() as session:
            planned = plan_batch(session, PLAN_BATCH)


@scheduled("10 * * * *")
def send_reminders() -> None:
    """Remind residents and teams; hourly, so that it suits any zone, and each of a thing once."""
    reminded = REMIND_BATCH
    while reminded == REMIND_BATCH:
        with transaction() as session:
            reminded = remind_residents(session)
    with transaction() as session:
        remind_teams(session)
