"""The lists of those who look after the exchange with hospitals' own systems."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking, ClinicSession, HospitalCall, HospitalLink, Slot
from appointments.queries.bookings import units_of
from appointments.queries.exchange import list_exceptions, list_links
from appointments.schemas import Call, CallState, ExceptionSearch, ExchangeAction
from core import clock
from core.access import Actor, Resource
from core.paging import PageQuery
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def exchange(session: Session, region: Region) -> list[Listing]:
    """Each hospital is linked, and each booking is a call that waits for people."""
    for hospital in region.hospitals:
        session.add(
            HospitalLink(
                institution_id=hospital.id,
                institution_name=hospital.name,
                division_code=hospital.division_code,
                base_url="https://his.example",
                secret="whsec_AAAA",
            )
        )
    session.flush()
    query = select(Booking).join(Slot).join(ClinicSession)
    for booking in session.scalars(query):
        session.add(
            HospitalCall(
                booking_id=booking.id,
                institution_id=booking.institution_id,
                division_code=booking.division_code,
                call=Call.LOCK,
                state=CallState.EXCEPTION,
                attempts=3,
                created_at=clock.now(),
            )
        )
    session.flush()

    def exceptions(actor: Actor) -> Iterator[UUID]:
        found = pages(lambda page: list_exceptions(session, actor, page), ExceptionSearch())
        return (row.id for row in found)

    def links(actor: Actor) -> Iterator[UUID]:
        found = pages(lambda page: list_links(session, actor, page), PageQuery())
        return (row.id for row in found)

    calls = {
        row.id: Resource(
            "ExchangeList", "own", units=units_of(row.institution_id, row.division_code)
        )
        for row in session.scalars(select(HospitalCall))
    }
    linked = {
        row.id: Resource(
            "HospitalLink", "own", units=units_of(row.institution_id, row.division_code)
        )
        for row in session.scalars(select(HospitalLink))
    }
    return [
        Listing("exceptions", exceptions, calls, ExchangeAction.READ_EXCEPTIONS),
        Listing("links", links, linked, ExchangeAction.ADMINISTER),
    ]
