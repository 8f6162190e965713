"""What patients see of waits and of what counts against them, and desks of visits and appeals."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking, Suspension, Wait
from appointments.queries.bookings import units_of
from appointments.queries.records import list_appeals, list_records
from appointments.queries.visits import list_visits
from appointments.queries.waits import list_waits
from appointments.schemas import (
    AppealQuery,
    RecordQuery,
    State,
    VisitAction,
    VisitQuery,
    WaitAction,
    WaitQuery,
)
from core import clock
from core.access import Actor, Resource
from core.errors import Denied
from residents.public import representatives_of
from tests.integration.security.listing import Key, Listing, pages
from tests.integration.security.region import Region


def waiting(session: Session, region: Region) -> list[Listing]:
    """Waits for full sessions."""

    def shown(actor: Actor) -> Iterator[UUID]:
        for person_id in (None, *(person.id for person in region.people)):
            query = WaitQuery(person_id=person_id)
            found = pages(lambda page: list_waits(session, actor, page), query)
            yield from (wait.id for wait in found)

    things = {
        row.id: Resource(
            "Wait",
            str(row.id),
            row.person_id,
            units_of(row.institution_id, row.division_code),
            _kin(session, row.person_id),
        )
        for row in session.scalars(select(Wait))
    }
    return [Listing("waits", shown, things, WaitAction.READ_WAIT)]


def reviews(session: Session, region: Region) -> list[Listing]:
    """Visits that are over, what they count, and appeals."""

    def visits(actor: Actor) -> Iterator[UUID]:
        for hospital in region.hospitals:
            for day in region.days:
                for marked in (False, True):
                    query = VisitQuery(institution_id=hospital.id, date=day, marked=marked)
                    found = pages(lambda page: list_visits(session, actor, page), query)
                    yield from (row.booking_id for row in found)

    def appeals(actor: Actor) -> Iterator[UUID]:
        for hospital in region.hospitals:
            query = AppealQuery(institution_id=hospital.id)
            found = pages(lambda page: list_appeals(session, actor, page), query)
            yield from (row.id for row in found)

    def records(actor: Actor) -> Iterator[Key]:
        for person_id in (None, *(person.id for person in region.people)):
            with suppress(Denied):
                for each in list_records(session, actor, RecordQuery(person_id=person_id)):
                    yield each.person_id, each.institution_id

    over = session.scalars(select(Booking).where(Booking.date < clock.today())).all()
    return [
        Listing("visits", visits, {
            row.id: Resource("Visit", "", None, units_of(row.institution_id, row.division_code))
            for row in over
        }, VisitAction.READ_VISITS),
        Listing("appeals", appeals, {
            row.id: Resource("Suspension", "", None,
                             units_of(row.institution_id, row.division_code), {"kin": []})
            for row in session.scalars(select(Suspension))
        }, VisitAction.READ_APPEALS),
        Listing("records", records, {
            (row.person_id, row.institution_id): Resource(
                "Suspension", "", row.person_id, more=_kin(session, row.person_id))
            for row in over if row.state == State.NO_SHOW
        }, VisitAction.READ_RECORD),
    ]  # fmt: skip


def _kin(session: Session, person_id: UUID) -> dict[str, object]:
    return {"kin": sorted(map(str, representatives_of(session, person_id)))}
