"""What residents and staff see of refunds."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Denied
from core.ids import new_id
from payments.models import Refund
from payments.queries.refunds import list_refunds, refund_resource
from payments.schemas import RefundAction, RefundDue, RefundSearch
from payments.services.refunds import owe_refund
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def refunds(session: Session, region: Region) -> list[Listing]:
    """What is due to each person from one hospital or the other."""
    for number, person in enumerate(region.people):
        hospital = region.hospitals[number % len(region.hospitals)]
        due = RefundDue(
            cause_id=new_id(),
            purpose="test",
            subject_id=new_id(),
            person_id=person.id,
            institution_id=hospital.id,
            amount_fen=100,
        )
        owe_refund(session, due)

    def shown(actor: Actor) -> Iterator[UUID]:
        for search in (RefundSearch(), RefundSearch(of_staff=True)):
            with suppress(Denied):
                found = pages(lambda page: list_refunds(session, actor, page), search)
                yield from (row.id for row in found)

    things = {row.id: refund_resource(row) for row in session.scalars(select(Refund))}
    return [Listing("refunds", shown, things, RefundAction.READ)]
