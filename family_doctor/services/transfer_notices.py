"""What both teams and the residents are told of a transfer; residents in batches, by a job."""

from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from core import clock
from core.jobs import defer_by_name
from core.messages import N_
from directory.public import teams_by_id
from family_doctor.models import Contract, Offer, Transfer
from family_doctor.queries.signatories import SIGNING
from family_doctor.queries.staffing import people_of_teams
from family_doctor.schemas import OfferState, TransferState, TransferView
from family_doctor.services.notices import LINK
from notifications.public import notify
from residents.public import Person, representatives_of

TELL_JOB = "family_doctor.jobs.tell_offered"
# How many residents one transaction of the job tells.
BATCH = 200
TO_TEAM = "/family-doctor/transfers/{id}"
TO_RESIDENT = "/family-doctor/offers/{id}"

PROPOSED = N_("%(team)s提议把 %(count)s 位居民移交给您的团队，请在 %(date)s 前答复。")
ACCEPTED = N_("%(team)s同意接收 %(count)s 位居民，已经去问居民本人，最晚 %(date)s 有结果。")
DECLINED = N_("%(team)s没有同意接收 %(count)s 位居民，请打开查看原因。")
WITHDRAWN = N_("%(team)s撤回了移交 %(count)s 位居民的提议。")
NOT_ANSWERED = N_("%(to)s没有在期限内答复，移交 %(count)s 位居民的提议已自动作废。")
SETTLED = N_("移交办完了：%(done)s 位居民转到%(to)s，%(stayed)s 位留在%(team)s。")

ASKED = N_("%(team)s提议由%(to)s接着照看您。请在 %(date)s 前看一看，同意或不同意都由您定。")
ASKED_KIN = N_("%(team)s提议由%(to)s接着照看%(name)s。请在 %(date)s 前看一看，您可以代为决定。")
STAYS = N_("没有收到您对换团队的答复，您仍由%(team)s照看，签约照旧。")
TAKEN_BACK = N_("%(team)s撤回了由%(to)s接着照看您的提议，您的签约照旧。")


def tell_proposed(session: Session, transfer: Transfer, giver: str) -> None:
    """The receiving team's leaders: there is something to answer."""
    _tell_leaders(session, transfer.to_team_id, transfer, PROPOSED, team=giver)


def tell_accepted(session: Session, transfer: Transfer, receiver: str, asked: int) -> None:
    """The proposing team's leaders: the residents are asked now."""
    _tell_leaders(
        session, transfer.from_team_id, transfer, ACCEPTED, team=receiver, count=str(asked)
    )


def tell_declined(session: Session, transfer: Transfer, receiver: str) -> None:
    """The proposing team's leaders: there is a reason to read."""
    _tell_leaders(session, transfer.from_team_id, transfer, DECLINED, team=receiver)


def tell_withdrawn(session: Session, transfer: Transfer, giver: str) -> None:
    """The receiving team's leaders: nothing to answer any more."""
    _tell_leaders(session, transfer.to_team_id, transfer, WITHDRAWN, team=giver)


def tell_lapsed(session: Session, transfer: Transfer) -> None:
    """Both teams' leaders: nobody answered in time."""
    names = teams_by_id(session, {transfer.to_team_id})
    for team_id in (transfer.from_team_id, transfer.to_team_id):
        _tell_leaders(session, team_id, transfer, NOT_ANSWERED, to=names[transfer.to_team_id].name)


def tell_settled(session: Session, view: TransferView) -> None:
    """Both teams' leaders: how many came, how many stayed."""
    values = {
        "done": str(view.done),
        "stayed": str(view.residents - view.done),
        "team": view.from_team_name,
        "to": view.to_team_name,
    }
    for team_id in (view.from_team_id, view.to_team_id):
        _notify_leaders(session, team_id, SETTLED, values, view.id)


def tell_residents_soon(session: Session, transfer: Transfer) -> None:
    """Queue what the residents of a transfer are to be told."""
    defer_by_name(session, TELL_JOB, transfer_id=str(transfer.id))


def tell_offered(session: Session, transfer_id: UUID) -> int:
    """Tell at most ``BATCH`` residents of a transfer what they were not told yet: that they are
    asked, by SMS too, or that after this nothing comes of it. How many; who was told is not again.
    """
    transfer = session.get_one(Transfer, transfer_id)
    over = Offer.state.in_((OfferState.LAPSED, OfferState.WITHDRAWN))
    asked = _take(session, transfer_id, Offer.told_at, Offer.state == OfferState.ASKED)
    closed = _take(session, transfer_id, Offer.closed_told_at, over, Offer.told_at.is_not(None))
    if not asked and not closed:
        return 0
    teams = teams_by_id(session, {transfer.from_team_id, transfer.to_team_id})
    values = {"team": teams[transfer.from_team_id].name, "to": teams[transfer.to_team_id].name}
    if transfer.waits_until:
        values["date"] = _day(transfer)
    people = (
        select(Offer.id, Person.id.label("person_id"), Person.name)
        .join(Contract, Contract.id == Offer.contract_id)
        .join(Person, Person.id == Contract.person_id)
        .where(Offer.id.in_([*asked, *closed]))
        .order_by(Offer.id)
    )
    withdrawn = transfer.state == TransferState.WITHDRAWN
    for offer_id, person_id, name in session.execute(people):
        if offer_id in closed:
            notify(session, person_id, TAKEN_BACK if withdrawn else STAYS, values, LINK)
            continue
        link = TO_RESIDENT.format(id=offer_id)
        notify(session, person_id, ASKED, values, link, sms=True)
        for each in sorted(representatives_of(session, person_id, SIGNING)):
            notify(session, each, ASKED_KIN, {**values, "name": name}, link, sms=True)
    return len(asked) + len(closed)


def _take(
    session: Session,
    transfer_id: UUID,
    told: InstrumentedAttribute[object],
    *conditions: ColumnElement[bool],
) -> set[UUID]:
    """Mark some who were not told yet as told."""
    waiting = (
        select(Offer.id)
        .where(Offer.transfer_id == transfer_id, told.is_(None), *conditions)
        .order_by(Offer.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    marked = (
        update(Offer)
        .where(Offer.id.in_(waiting))
        .values({told: clock.now()})
        .returning(Offer.id)
        .execution_options(synchronize_session=False)
    )
    return set(session.scalars(marked))


def _tell_leaders(
    session: Session, team_id: UUID, transfer: Transfer, sentence: str, **more: str
) -> None:
    values = {"count": str(transfer.residents), "date": _day(transfer), **more}
    _notify_leaders(session, team_id, sentence, values, transfer.id)


def _notify_leaders(
    session: Session, team_id: UUID, sentence: str, values: dict[str, str], transfer_id: UUID
) -> None:
    for _, person_id in people_of_teams(session, {team_id}, leaders=True):
        notify(session, person_id, sentence, values, TO_TEAM.format(id=transfer_id))


def _day(transfer: Transfer) -> str:
    until = transfer.waits_until
    return clock.local(until).date().isoformat() if until else ""
