"""What desks, patients and families see of the day's queues, beside what the policy permits."""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.models import HallScreen
from appointments.queries.bookings import units_of
from appointments.queries.hall import list_screens, screens_resource
from appointments.queries.tickets import (
    find_ticket_of,
    get_queue,
    list_rooms,
    queue_resource,
)
from appointments.schemas import QueueAction
from core import clock
from core.access import Actor, Resource
from core.errors import Denied
from core.ids import new_id
from residents.queries import representatives_of
from tests.factories.appointments import make_booking, make_clinic, make_slots, make_ticket
from tests.factories.auth import make_account
from tests.integration.security.listing import Listing
from tests.integration.security.region import Region


def queues(session: Session, region: Region) -> list[Listing]:
    """Each hospital gets a room of today with two of the region's people in it, and a screen."""
    rooms, tickets, screens = {}, {}, {}
    people = iter(region.people)
    maker = make_account(session)
    region.days.add(clock.today())  # the desks' day lists show them too
    for hospital in region.hospitals:
        slot = make_slots(session, make_clinic(session, hospital), day=clock.today())[0]
        where = (hospital.id, hospital.division_code)
        rooms[slot.session_id] = queue_resource(slot.session_id, *where)
        screen = HallScreen(
            id=new_id(), institution_id=hospital.id, division_code=hospital.division_code,
            name="", department_ids=[], token_hash=new_id().bytes, made_by=maker.id,
        )  # fmt: skip
        session.add(screen)
        screens[screen.id] = screens_resource(*where)
        for person in (next(people), next(people)):
            booking = make_booking(session, slot, person.id)
            ticket = make_ticket(session, booking, slot)
            kin = {"kin": sorted(map(str, representatives_of(session, person.id)))}
            tickets[booking.id] = Resource(
                "Ticket", str(ticket.id), person.id, units_of(*where), kin
            )
    session.flush()

    def rooms_of(actor: Actor) -> Iterator[UUID]:
        for hospital in region.hospitals:
            with suppress(Denied):
                yield from (
                    row.session_id
                    for row in list_rooms(session, actor, hospital.id)
                    if row.session_id in rooms
                )

    def consoles(actor: Actor) -> Iterator[UUID]:
        for session_id in rooms:
            with suppress(Denied):
                yield get_queue(session, actor, session_id).session_id

    def screens_of(actor: Actor) -> Iterator[UUID]:
        for hospital in region.hospitals:
            with suppress(Denied):
                yield from (row.id for row in list_screens(session, actor, hospital.id))

    def seen(actor: Actor) -> Iterator[UUID]:
        for booking_id in tickets:
            with suppress(Denied):
                ticket = find_ticket_of(session, actor, booking_id)
                if ticket:
                    yield ticket.booking_id

    return [
        Listing("rooms", rooms_of, rooms, QueueAction.RUN_QUEUE),
        Listing("consoles", consoles, rooms, QueueAction.RUN_QUEUE),
        Listing("screens", screens_of, screens, QueueAction.KEEP_SCREENS),
        Listing("tickets", seen, tickets, QueueAction.READ_TICKET),
    ]
