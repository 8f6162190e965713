"""What residents are asked: to go to the team to which theirs proposes to transfer them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import NotFound
from family_doctor.models import Contract, Offer, Transfer
from family_doctor.queries.contracts import read_contract
from family_doctor.queries.signatories import family_to_sign
from family_doctor.schemas import Action, OfferState, OfferView
from residents.public import Person


def get_offer(session: Session, actor: Actor, offer_id: UUID) -> OfferView:
    """One offer, for its resident and those who sign for them, once they were asked. Raises
    NotFound or Denied.
    """
    row = session.execute(_offers().where(Offer.id == offer_id)).one_or_none()
    if row is None or row.state == OfferState.PROPOSED:
        raise NotFound()
    read_contract(session, actor, Action.CHANGE, row.contract_id)
    return OfferView.model_validate(row)


def find_offer(session: Session, contract_id: UUID) -> OfferView | None:
    """The offer that waits for the resident of a contract. The caller has asked the policy."""
    waiting = _offers().where(Offer.contract_id == contract_id, Offer.state == OfferState.ASKED)
    row = session.execute(waiting).one_or_none()
    return OfferView.model_validate(row) if row else None


def list_offers(session: Session, actor: Actor) -> list[OfferView]:
    """The offers that wait for the actor or those for whom they sign; a person has one at most.
    Raises Denied.
    """
    if actor.person_id is None or not actor.verified:
        return []
    people = {actor.person_id, *(each.id for each in family_to_sign(session, actor))}
    return waiting_for(session, people)


def waiting_for(session: Session, people: Collection[UUID]) -> list[OfferView]:
    """The offers that wait for these people. The caller has asked the policy."""
    query = _offers().where(Contract.person_id.in_(people), Offer.state == OfferState.ASKED)
    return [OfferView.model_validate(row) for row in session.execute(query.order_by(Offer.id))]


def _offers() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Offer.id,
            Offer.transfer_id,
            Offer.contract_id,
            Contract.person_id,
            Person.name.label("person_name"),
            Transfer.from_team_id,
            Transfer.to_team_id,
            Offer.state,
            Transfer.by_name,
            Transfer.waits_until.label("decide_by"),
            Offer.successor_id,
            Contract.ends_on,
            Contract.pack_name,
            Contract.pack_name_en,
        )
        .join(Transfer, Transfer.id == Offer.transfer_id)
        .join(Contract, Contract.id == Offer.contract_id)
        .join(Person, Person.id == Contract.person_id)
    )
