"""The contracts' calendar, and the sealing of what both sides signed."""

from uuid import UUID

from core.database import transaction
from core.jobs import job, scheduled
from core.settings import settings
from family_doctor.sealing.keys import sealing_key
from family_doctor.sealing.paper import set_paper
from family_doctor.sealing.seal import seal
from family_doctor.services.calendar import BATCH, DEADLINES, advance
from family_doctor.services.sealing import keep, paper_of, take_up_unsealed


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


@job
def seal_contract(contract_id: str) -> None:
    """Make and keep the sealed file of a contract, unless it is there or a signature is missing.

    It is set and sealed outside any transaction, so a crash leaves nothing and the next try makes
    it. Raises Unavailable, PaperError or SettingsError; the job is then tried again.
    """
    number = UUID(contract_id)
    with transaction() as session:
        paper = paper_of(session, number)
    if paper is None:
        return
    key, tsa = sealing_key(), settings().seal_tsa_url
    file = seal(set_paper(paper), key, tsa)
    with transaction() as session:
        keep(session, number, file, key, timestamped=bool(tsa))


@scheduled("40 * * * *")
def seal_forgotten() -> None:
    """Queue what was signed and never sealed, hourly: the tries of its job are used up."""
    with transaction() as session:
        take_up_unsealed(session)
