"""A resident, or who signs for them, decides whether to go to the team that would take them over.

Consenting is the change of team that a resident may ask for themself (docs/adr/0019), accepted at
once by the leader who accepted the transfer: the agreement lies ready to be signed, and with that
the contract goes over. A resident who declines stays as they are.
"""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, NotFound
from core.messages import N_
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.events import ContractAccepted
from family_doctor.models import Contract, Offer, OwnSignature, Transfer
from family_doctor.queries.contracts import contract_view, read_contract
from family_doctor.queries.offers import get_offer
from family_doctor.queries.rules import rule_for
from family_doctor.schemas import (
    Action,
    ContractView,
    EndReason,
    Kind,
    OfferState,
    OfferView,
    ProofMethod,
    Side,
    Signed,
)
from family_doctor.services import notices
from family_doctor.services.acceptance import terms_of, write_down
from family_doctor.services.extras import extras_of
from family_doctor.services.moves import announce, hold
from family_doctor.services.signing import Signer, write_signature
from family_doctor.services.succession import pack_again, request_change, require_in_service
from family_doctor.services.texts import wording_for
from family_doctor.services.transfers import close_offers, hold_transfer, settle
from residents.public import people_by_id

CLOSED = N_("这次换团队的提议已经结束，您的签约照旧。")


def consent(session: Session, actor: Actor, offer_id: UUID) -> ContractView:
    """Go to the other team: gives the new contract, whose agreement waits to be signed. Asked
    again, that one is given back.

    Raises NotFound, Denied, Conflict ``offer_closed``, ``team_closed``, ``contract_moved`` or
    ``successor_exists``.
    """
    old, transfer, offer = _held(session, actor, offer_id)
    if offer.successor_id is not None:
        return contract_view(session.get_one(Contract, offer.successor_id))
    until = transfer.waits_until
    if offer.state != OfferState.ASKED or until is None or until <= clock.now():
        raise Conflict("offer_closed", CLOSED)
    team = get_team(session, transfer.to_team_id)
    require_in_service(team)
    rule = rule_for(session, team.institution_id)
    pack = pack_again(session, old.pack_code)
    years = min(old.term_years, rule.term_years_max)
    new = request_change(session, actor, old, Kind.CHANGE_TEAM, team, pack, years, rule)
    accepted = _accepted(session, transfer, new, team)
    # The place that was kept for the resident is the new contract's from here on.
    offer.state, offer.successor_id = OfferState.CONSENTED, accepted.id
    offer.decided_at, offer.decided_by = clock.now(), actor.account_id
    session.flush()
    return contract_view(accepted)


def decline(session: Session, actor: Actor, offer_id: UUID) -> OfferView:
    """Stay. Done twice it is done once. Raises NotFound, Denied, Conflict ``offer_closed``."""
    old, transfer, offer = _held(session, actor, offer_id)
    if offer.state != OfferState.DECLINED:
        if offer.state != OfferState.ASKED:
            raise Conflict("offer_closed", CLOSED)
        offer.decided_at, offer.decided_by = clock.now(), actor.account_id
        session.flush()
        close_offers(session, transfer, OfferState.DECLINED, Offer.id == offer.id)
        settle(session, transfer)
        team = get_team(session, old.team_id)
        notices.tell_done_for(session, actor, old, notices.STAYED_FOR, team.name)
    return get_offer(session, actor, offer_id)


def note_begun(session: Session, contract_id: UUID) -> None:
    """A contract came into force: if by a transfer, that is done. Safe to repeat."""
    _close_consented(session, contract_id, OfferState.DONE)


def note_over(session: Session, contract_id: UUID) -> None:
    """A contract ended: what a transfer was to do about it comes to nothing, or where it was to
    begin by one, the resident stays. Safe to repeat.
    """
    ended = session.get_one(Contract, contract_id)
    if ended.signed_at is not None:
        note_begun(session, contract_id)
    elif ended.end_reason == EndReason.NOT_SIGNED:
        _close_consented(session, contract_id, OfferState.LAPSED)
    else:
        _close_consented(session, contract_id, OfferState.DECLINED)
    unanswered = select(Offer.transfer_id).where(
        Offer.contract_id == contract_id, Offer.state.in_((OfferState.PROPOSED, OfferState.ASKED))
    )
    transfer_id = session.scalar(unanswered)
    if transfer_id is not None:
        transfer = hold_transfer(session, transfer_id)
        close_offers(session, transfer, OfferState.GONE, Offer.contract_id == contract_id)
        settle(session, transfer)


def _held(session: Session, actor: Actor, offer_id: UUID) -> tuple[Contract, Transfer, Offer]:
    """The contract, the transfer and the offer as they are now, held, for who may change the
    contract. Raises NotFound or Denied.
    """
    offer = session.get(Offer, offer_id, populate_existing=True)
    if offer is None or offer.state == OfferState.PROPOSED:
        raise NotFound()
    old = hold(session, read_contract(session, actor, Action.CHANGE, offer.contract_id))
    transfer = hold_transfer(session, offer.transfer_id)
    session.refresh(offer)
    return old, transfer, offer


def _accepted(session: Session, transfer: Transfer, new: Contract, team: TeamView) -> Contract:
    """The application, accepted and signed by whoever accepted the transfer."""
    if transfer.proof_method is None or transfer.proved_at is None:
        raise ValueError("a transfer that residents were asked about was accepted")
    leader = Signer(
        transfer.account_id,
        None,
        transfer.answered_by or "",
        ProofMethod(transfer.proof_method),
        transfer.proved_at,
    )
    now = clock.now()
    person = people_by_id(session, {new.person_id})[new.person_id]
    extras = extras_of(session, person.id, new.extra_codes)
    terms = replace(terms_of(session, new, team, person.name, clock.today()), extras=extras)
    accepted = write_down(session, leader, new, terms, wording_for(session, person.groups), now)
    kept = session.get_one(OwnSignature, transfer.signature_id)
    signed = Signed(strokes=kept.strokes, typed_name=kept.typed_name)
    write_signature(session, accepted, Side.TEAM, signed, leader, now)
    announce(session, ContractAccepted, accepted)
    return accepted


def _close_consented(session: Session, contract_id: UUID, state: OfferState) -> None:
    """The change that a resident consented to has begun, or came to nothing."""
    consented = (Offer.successor_id == contract_id, Offer.state == OfferState.CONSENTED)
    transfer_id = session.scalar(select(Offer.transfer_id).where(*consented))
    if transfer_id is None:
        return
    transfer = hold_transfer(session, transfer_id)
    offer = session.scalar(
        select(Offer).where(*consented), execution_options={"populate_existing": True}
    )
    if offer is not None:
        offer.state, offer.closed_at = state, clock.now()
        session.flush()
        settle(session, transfer)
