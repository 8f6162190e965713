"""Transfers of residents to another team: proposed by a leader, answered by the other team's, taken
back, and taken on by the calendar; with the same few statements whatever the number of residents.

Nothing changes for a resident before they consent (``services.offers``). Whoever does more than
one of these holds the resident's contracts first, then the transfer, its offers, the places.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, exists, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from auth.public import prove_to_sign
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.models import Contract, Offer, Transfer
from family_doctor.queries.rules import places, rule_for
from family_doctor.queries.signing import find_own_signature
from family_doctor.queries.team import panel_resource
from family_doctor.queries.transfers import at_rest, load_transfer, transferable, views
from family_doctor.schemas import (
    DeclineTransfer,
    OfferState,
    ProposeTransfer,
    Reach,
    TransferAction,
    TransferState,
    TransferView,
)
from family_doctor.schemas.transfers import ANSWERED, OPEN_OFFERS, RUNNING
from family_doctor.services import transfer_notices as notices
from family_doctor.services.handing_over import lock_team
from family_doctor.services.places import release_place, take_place
from family_doctor.services.signing import NO_SIGNATURE, proof_of
from family_doctor.services.succession import require_in_service

# How many transfers one transaction of the calendar takes on.
BATCH = 20
MOVED = N_("这次移交刚有变化，请刷新页面，按最新的状态办理。")


def propose(session: Session, actor: Actor, command: ProposeTransfer) -> TransferView:
    """Propose to another team to take over the chosen residents; whose contract is being renewed or
    changed, or who is proposed already, is left out. The other team is told, the residents not yet.

    Raises NotFound, Denied, Invalid ``nobody_chosen``, ``same_team`` or ``too_far``, Conflict
    ``team_closed``, ``nobody_to_move`` or ``selection_changed``.
    """
    giver = get_team(session, command.team_id)
    require(session, actor, TransferAction.PROPOSE, panel_resource(giver))
    if not command.chosen:
        raise Invalid("nobody_chosen", N_("请先选择要移交的居民。"))
    receiver = _receiver(session, giver, command.to_team_id)
    lock_team(session, giver.id)
    contracts = list(session.scalars(transferable(giver.id, command).order_by(Contract.id)))
    if not contracts:
        raise Conflict(
            "nobody_to_move",
            N_("选中的居民都不能移交：有的正在续签或更换，有的已经提议移交给别的团队。"),
        )
    if command.expected is not None and command.expected != len(contracts):
        raise Conflict(
            "selection_changed",
            N_("名单刚有变化，现在是 %(count)s 位居民，请核对后再移交。"),
            count=str(len(contracts)),
        )
    now, rule = clock.now(), rule_for(session, receiver.institution_id)
    transfer = Transfer(
        id=new_id(),
        from_team_id=giver.id,
        to_team_id=receiver.id,
        state=TransferState.PROPOSED,
        residents=len(contracts),
        village_name=command.village,
        note=command.note,
        proposed_at=now,
        proposed_by=actor.account_id,
        by_name=actor.name,
        waits_until=now + timedelta(days=rule.transfer_answer_days),
    )
    session.add(transfer)
    session.flush()
    _offer(session, transfer, contracts)
    notices.tell_proposed(session, transfer, giver.name)
    return views(session, [transfer])[0]


def accept(session: Session, actor: Actor, transfer_id: UUID) -> TransferView:
    """The receiving team's leader takes the residents who will consent: a place is kept for each,
    or for none, and their agreements will be signed with the signature that the leader keeps. The
    residents are asked after the commit. Done twice it is done once.

    Raises NotFound, Denied, StepUpRequired, Conflict ``transfer_moved``, ``team_closed``,
    ``no_signature``, ``nobody_to_move`` or ``team_full``.
    """
    transfer, receiver = _to_decide(session, actor, transfer_id)
    if transfer.state in ANSWERED:
        return views(session, [transfer])[0]
    _require(transfer, TransferState.PROPOSED)
    require_in_service(receiver)
    kept = find_own_signature(session, actor.account_id)
    if kept is None:
        raise Conflict("no_signature", NO_SIGNATURE)
    proved = prove_to_sign(session, actor)
    now = clock.now()
    asked = _ask(session, transfer)
    _keep_places(session, receiver, asked)
    days = rule_for(session, receiver.institution_id).transfer_consent_days
    transfer.state, transfer.waits_until = TransferState.ACCEPTED, now + timedelta(days=days)
    transfer.accepted_at, transfer.account_id = now, actor.account_id
    transfer.answered_by, transfer.signature_id = actor.name, kept.id
    transfer.proof_method, transfer.proved_at = proof_of(actor, proved), min(proved.at, now)
    session.flush()
    notices.tell_accepted(session, transfer, receiver.name, asked)
    notices.tell_residents_soon(session, transfer)
    return views(session, [transfer])[0]


def decline(
    session: Session, actor: Actor, transfer_id: UUID, command: DeclineTransfer
) -> TransferView:
    """The receiving team's leader says no; the residents hear nothing of it. Done twice it is done
    once. Raises NotFound, Denied, Conflict ``transfer_moved``.
    """
    transfer, receiver = _to_decide(session, actor, transfer_id)
    if transfer.state != TransferState.DECLINED:
        _require(transfer, TransferState.PROPOSED)
        transfer.reason, transfer.answered_by = command.reason, actor.name
        _stop(session, transfer, TransferState.DECLINED, OfferState.WITHDRAWN)
        notices.tell_declined(session, transfer, receiver.name)
    return views(session, [transfer])[0]


def withdraw(session: Session, actor: Actor, transfer_id: UUID) -> TransferView:
    """The proposing team takes it back for all who did not consent yet; who was asked is told. Done
    twice it is done once. Raises NotFound, Denied, Conflict ``transfer_moved``.
    """
    load_transfer(session, actor, transfer_id)
    transfer = hold_transfer(session, transfer_id)
    giver = get_team(session, transfer.from_team_id)
    require(session, actor, TransferAction.PROPOSE, panel_resource(giver))
    if transfer.state != TransferState.WITHDRAWN:
        _require(transfer, *RUNNING)
        _stop(session, transfer, TransferState.WITHDRAWN, OfferState.WITHDRAWN)
        notices.tell_withdrawn(session, transfer, giver.name)
        notices.tell_residents_soon(session, transfer)
    return views(session, [transfer])[0]


def lapse(session: Session) -> int:
    """Take on at most ``BATCH`` transfers whose time has come: one without an answer is over, and
    who was asked and said nothing stays. Returns how many; those that somebody holds are left.
    """
    come = (
        select(Transfer)
        .where(Transfer.state.in_(RUNNING), Transfer.waits_until <= clock.now())
        .order_by(Transfer.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    transfers = session.scalars(come).all()
    for transfer in transfers:
        if transfer.state == TransferState.PROPOSED:
            _stop(session, transfer, TransferState.LAPSED, OfferState.LAPSED)
            notices.tell_lapsed(session, transfer)
        else:
            close_offers(session, transfer, OfferState.LAPSED)
            transfer.waits_until = None
            session.flush()
            notices.tell_residents_soon(session, transfer)
            settle(session, transfer)
    return len(transfers)


def hold_transfer(session: Session, transfer_id: UUID) -> Transfer:
    """The transfer as it is now, held until the transaction ends."""
    query = select(Transfer).where(Transfer.id == transfer_id).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).one()


def close_offers(
    session: Session, transfer: Transfer, state: OfferState, *conditions: ColumnElement[bool]
) -> int:
    """End a held transfer's offers that nobody consented to, those that meet the conditions, and
    give the places kept for them back. How many.
    """
    closed = 0
    for origin in (OfferState.ASKED, OfferState.PROPOSED):
        ended = (
            update(Offer)
            .where(Offer.transfer_id == transfer.id, Offer.state == origin, *conditions)
            .values(state=state, closed_at=clock.now())
            .returning(Offer.id)
            .execution_options(synchronize_session=False)
        )
        number = len(session.scalars(ended).all())
        if number and origin is OfferState.ASKED:
            release_place(session, transfer.to_team_id, number)
        closed += number
    return closed


def settle(session: Session, transfer: Transfer) -> None:
    """Where an accepted transfer waits for nobody any more it is over, and both teams are told."""
    waits = select(Offer.id).where(Offer.transfer_id == transfer.id, Offer.state.in_(OPEN_OFFERS))
    if transfer.state != TransferState.ACCEPTED or session.scalar(waits.limit(1)):
        return
    transfer.state, transfer.waits_until = TransferState.SETTLED, None
    transfer.ended_at = clock.now()
    session.flush()
    notices.tell_settled(session, views(session, [transfer])[0])


def _receiver(session: Session, giver: TeamView, team_id: UUID) -> TeamView:
    receiver = get_team(session, team_id)
    if receiver.id == giver.id:
        sentence = N_("请选择别的团队；在本团队内移交，请用「移交勾选的」。")
        raise Invalid("same_team", sentence, fields={"to_team_id": sentence})
    reach = rule_for(session, giver.institution_id).transfer_reach
    if reach is Reach.INSTITUTION and receiver.institution_id != giver.institution_id:
        sentence = N_("本地的规则只允许移交给同一机构的团队，请另选一个。")
        raise Invalid("too_far", sentence, fields={"to_team_id": sentence})
    require_in_service(receiver)
    return receiver


def _offer(session: Session, transfer: Transfer, contracts: list[UUID]) -> None:
    """Write an offer for each resident, with one statement."""
    ids = postgresql.array([new_id() for _ in contracts], type_=Uuid())
    of = postgresql.array(contracts, type_=Uuid())
    rows = func.unnest(ids, of).table_valued("id", "contract_id").render_derived()
    values = select(
        rows.c.id, rows.c.contract_id, literal(transfer.id), literal(OfferState.PROPOSED.value)
    )
    columns = ["id", "contract_id", "transfer_id", "state"]
    session.execute(insert(Offer).from_select(columns, values, include_defaults=False))


def _to_decide(session: Session, actor: Actor, transfer_id: UUID) -> tuple[Transfer, TeamView]:
    """A held transfer and its receiving team, for its leader. Raises NotFound or Denied."""
    _, _, receiver = load_transfer(session, actor, transfer_id)
    require(session, actor, TransferAction.DECIDE, panel_resource(receiver))
    return hold_transfer(session, transfer_id), receiver


def _require(transfer: Transfer, *states: TransferState) -> None:
    if transfer.state not in states:
        raise Conflict("transfer_moved", MOVED)


def _ask(session: Session, transfer: Transfer) -> int:
    """Let the residents be asked whose contract nothing else is done about now; how many."""
    free = exists().where(Contract.id == Offer.contract_id, *at_rest(Contract))
    close_offers(session, transfer, OfferState.GONE, ~free)
    asked = (
        update(Offer)
        .where(Offer.transfer_id == transfer.id, Offer.state == OfferState.PROPOSED)
        .values(state=OfferState.ASKED)
        .returning(Offer.id)
        .execution_options(synchronize_session=False)
    )
    number = len(session.scalars(asked).all())
    if not number:
        raise Conflict(
            "nobody_to_move", N_("这些居民的签约都已有别的变化，没有可以接收的，请答复不同意。")
        )
    return number


def _keep_places(session: Session, receiver: TeamView, number: int) -> None:
    capacity = places(session, [receiver])[receiver.id]
    if capacity.remaining < number:
        raise Conflict(
            "team_full",
            N_(
                "名额不够：还剩 %(remaining)s 个，这次要 %(count)s 个。"
                "可以答复不同意并写明能接收多少位。"
            ),
            remaining=str(capacity.remaining),
            count=str(number),
        )
    take_place(session, receiver.id, capacity.capacity, number)


def _stop(session: Session, transfer: Transfer, state: TransferState, offers: OfferState) -> None:
    """End a held transfer; those who consented go on by their own contract."""
    close_offers(session, transfer, offers)
    transfer.state, transfer.waits_until = state, None
    transfer.ended_at = clock.now()
    session.flush()
