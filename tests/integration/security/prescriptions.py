"""What residents and teams see of requests to renew medicines."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Denied
from family_doctor.models import Contract, Refill
from family_doctor.queries.medicines import renewing_kin
from family_doctor.queries.refills import list_refills, refill_resource
from family_doctor.schemas import PrescriptionAction, RefillSearch
from tests.factories.refills import make_medicine, make_refill
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def prescriptions(session: Session, region: Region) -> list[Listing]:
    """A request of everybody who has signed, waiting or answered."""
    signed = select(Contract).where(Contract.signed_at.is_not(None)).order_by(Contract.id)
    for number, contract in enumerate(session.scalars(signed).all()):
        medicine = make_medicine(session, contract)
        make_refill(session, medicine, contract, state=("waiting", "withdrawn")[number % 2])
    people = {person.id for person in region.people}

    def requests(actor: Actor) -> Iterator[UUID]:
        searches = [RefillSearch(), *(RefillSearch(person_id=person) for person in people), *(
            RefillSearch(team_id=team.id, closed=closed)
            for team in region.teams for closed in (False, True)
        )]  # fmt: skip
        for search in searches:
            with suppress(Denied):
                found = pages(lambda page: list_refills(session, actor, page), search)
                yield from (row.id for row in found)

    things = {
        row.id: refill_resource(row, _kin(session, row)) for row in session.scalars(select(Refill))
    }
    return [Listing("requests to renew medicines", requests, things, PrescriptionAction.READ)]


def _kin(session: Session, row: Refill) -> tuple[str, ...]:
    nobody = Actor(row.person_id, person_id=UUID(int=0))
    return renewing_kin(session, nobody, row.person_id)
