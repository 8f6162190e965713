"""The contracts' calendar, invitations on their way, the sealing of what both sides signed, and
work reports.
"""

from uuid import UUID

from core.database import transaction
from core.jobs import job, scheduled
from core.messages import N_
from core.settings import settings
from family_doctor.links import LinkKind, make_link
from family_doctor.sealing.keys import sealing_key
from family_doctor.sealing.paper import set_paper
from family_doctor.sealing.seal import seal
from family_doctor.services.calendar import BATCH, DEADLINES, advance
from family_doctor.services.disputes import BATCH as DISPUTES
from family_doctor.services.disputes import (
    escalate_undecided,
    pass_on_unanswered,
    remind_deciders,
)
from family_doctor.services.handing_over import BATCH as TELL_BATCH
from family_doctor.services.handing_over import tell_residents
from family_doctor.services.inviting import due_invitation, note_sent
from family_doctor.services.on_site import forget_unwitnessed
from family_doctor.services.planning import BATCH as PLAN_BATCH
from family_doctor.services.planning import plan_batch
from family_doctor.services.refills import BATCH as REFILLS
from family_doctor.services.refills import pass_on_refills
from family_doctor.services.reminders import BATCH as REMIND_BATCH
from family_doctor.services.reminders import remind_residents, remind_teams
from family_doctor.services.reports import (
    close_period,
    due_periods,
    make_reports,
    recent_periods,
    teams_with,
    teams_without,
)
from family_doctor.services.sealing import keep, paper_of, take_up_unsealed
from family_doctor.services.transfer_notices import tell_offered as tell_batch
from family_doctor.services.transfers import BATCH as TRANSFERS
from family_doctor.services.transfers import lapse
from family_doctor.services.waiting import BATCH as WAITING
from family_doctor.services.waiting import give_back_due, remind_of_waiting
from notifications.public import SmsGateway

INVITATION = N_("%(doctor)s邀请您与%(team)s签约家庭医生，不想再收到请打开拒绝：")


@scheduled("15 * * * *")
def advance_contracts() -> None:
    """Let contracts lapse, near their end and expire, and forget what nobody witnessed; hourly, so
    that it suits any zone's midnight.

    A batch is a transaction: what is done stays done when a later one fails.
    """
    for deadline in DEADLINES:
        moved = BATCH
        while moved == BATCH:
            with transaction() as session:
                moved = advance(session, deadline)
    with transaction() as session:
        forget_unwitnessed(session)


@scheduled("25 * * * *")
def advance_disputes() -> None:
    """Hand disputes that the team let lie to the administrator, those that nobody decided to the
    next above, and remind those who decide; hourly.
    """
    for step in (pass_on_unanswered, escalate_undecided, remind_deciders):
        passed = DISPUTES
        while passed == DISPUTES:
            with transaction() as session:
                passed = step(session)


@scheduled("35 * * * *")
def advance_waiting_packs() -> None:
    """Give back packs bought beside contracts that ran out, which no team came for in time, and
    tell residents before; hourly, so that it suits any zone's midnight.
    """
    for step in (give_back_due, remind_of_waiting):
        passed = WAITING
        while passed == WAITING:
            with transaction() as session:
                passed = step(session)


@scheduled("30 * * * *")
def advance_refills() -> None:
    """Take requests to renew medicines that nobody answered in time on; hourly."""
    passed = REFILLS
    while passed == REFILLS:
        with transaction() as session:
            passed = pass_on_refills(session)


@job
def send_invitation(invitation_id: str) -> None:
    """Send an invitation by SMS; tried again while the gateway does not answer. Its number keys
    the message, so that a second try sends none.
    """
    number = UUID(invitation_id)
    with transaction() as session:
        due = due_invitation(session, number)
    if due is None:
        return
    phone, team, doctor = due
    text = INVITATION % {"doctor": doctor, "team": team.name}
    link = f"{settings().public_url}/family-doctor/in/{make_link(LinkKind.INVITATION, number)}"
    SmsGateway(settings()).send_message(phone, text, link, number)
    with transaction() as session:
        note_sent(session, number)


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


@scheduled("50 * * * *")
def seal_forgotten() -> None:
    """Queue what was signed and never sealed, hourly: the tries of its job are used up."""
    with transaction() as session:
        take_up_unsealed(session)


@job
def tell_handed_over(handover_id: str) -> None:
    """Tell the residents of a handover who looks after them now; a batch is a transaction, and who
    was told is not told again when the job is.
    """
    told = TELL_BATCH
    while told == TELL_BATCH:
        with transaction() as session:
            told = tell_residents(session, UUID(handover_id))


@scheduled("5 * * * *")
def advance_transfers() -> None:
    """Take on transfers to other teams whose time to answer or to decide is over; hourly."""
    passed = TRANSFERS
    while passed == TRANSFERS:
        with transaction() as session:
            passed = lapse(session)


@job
def tell_offered(transfer_id: str) -> None:
    """Tell the residents of a transfer to another team what they are asked, or what became of it; a
    batch is a transaction, and who was told is not told again when the job is.
    """
    told = 1
    while told:
        with transaction() as session:
            told = tell_batch(session, UUID(transfer_id))


@scheduled("20 * * * *")
def make_work_reports() -> None:
    """Make the reports of the weeks and months that have ended; hourly, so that it suits any zone
    and catches up what was missed. A batch of teams is a transaction: what is made stays made.
    """
    with transaction() as session:
        periods = due_periods(session)
    for period in periods:
        missing = True
        while missing:
            with transaction() as session:
                teams = teams_without(session, period)
                missing = bool(make_reports(session, period, teams)) if teams else False
        with transaction() as session:
            close_period(session, period)


@scheduled("35 20 * * *")
def correct_work_reports() -> None:
    """Make the reports of what ended lately again, nightly: something may have come late."""
    for period in recent_periods():
        last = None
        while True:
            with transaction() as session:
                teams = teams_with(session, period, last)
                if not teams:
                    break
                make_reports(session, period, teams)
            last = teams[-1]
