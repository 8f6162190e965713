"""What teams see of the transfers between them, and residents of what they are asked."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource
from core.errors import Denied
from core.ids import new_id
from directory.public import get_team
from family_doctor.models import Contract, Offer, OwnSignature, Transfer
from family_doctor.queries.contracts import contract_resource
from family_doctor.queries.offers import list_offers
from family_doctor.queries.transfers import list_transfers, transfer_resource
from family_doctor.schemas import Action, TransferAction, TransferSearch
from family_doctor.states import IN_FORCE
from residents.public import representatives_of
from residents.schemas import Scope
from tests.factories.auth import make_account
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def transfers(session: Session, region: Region) -> list[Listing]:
    """Each team proposes its residents to the next, which accepted."""
    giver = make_account(session)
    signature = OwnSignature(id=new_id(), account_id=giver.id, typed_name="x")
    session.add(signature)
    session.flush()
    things: dict[UUID, Resource] = {}
    asked: dict[UUID, Resource] = {}
    others = [*region.teams[1:], region.teams[0]]
    for team, receiver in zip(region.teams, others, strict=True):
        made = Transfer(
            id=new_id(),
            from_team_id=team.id,
            to_team_id=receiver.id,
            state="accepted",
            residents=1,
            note="x",
            proposed_at=clock.now(),
            proposed_by=giver.id,
            by_name="",
            waits_until=clock.now() + timedelta(days=7),
            accepted_at=clock.now(),
            account_id=giver.id,
            signature_id=signature.id,
            proof_method="sms",
            proved_at=clock.now(),
        )
        session.add(made)
        session.flush()
        sides = get_team(session, team.id), get_team(session, receiver.id)
        things[made.id] = transfer_resource(made, *sides)
        asked |= _offers(session, made)

    def shown(actor: Actor) -> Iterator[UUID]:
        for team in region.teams:
            for outgoing in (False, True):
                search = TransferSearch(team_id=team.id, outgoing=outgoing)
                with suppress(Denied):
                    found = pages(lambda page: list_transfers(session, actor, page), search)
                    yield from (row.id for row in found)

    def offered(actor: Actor) -> Iterator[UUID]:
        with suppress(Denied):
            yield from (row.id for row in list_offers(session, actor))

    return [
        Listing("transfers between teams", shown, things, TransferAction.READ),
        Listing("offers of transfers", offered, asked, Action.CHANGE),
    ]


def _offers(session: Session, made: Transfer) -> dict[UUID, Resource]:
    found: dict[UUID, Resource] = {}
    query = select(Contract).where(
        Contract.team_id == made.from_team_id, Contract.state.in_(IN_FORCE)
    )
    for contract in session.scalars(query).all():
        offer = Offer(id=new_id(), transfer_id=made.id, contract_id=contract.id, state="asked")
        session.add(offer)
        kin = sorted(map(str, representatives_of(session, contract.person_id, Scope.SIGN)))
        found[offer.id] = contract_resource(contract, kin)
    session.flush()
    return found
