"""/api/v1/appointments/…: slots, one's bookings, the desk's day list."""

from uuid import UUID

from appointments.queries.bookings import get_booking, list_own
from appointments.queries.day_list import list_day
from appointments.queries.offers import list_slots
from appointments.schemas import (
    BookingQuery,
    BookingView,
    BookSlot,
    DayListQuery,
    DayListRow,
    SlotList,
    SlotQuery,
)
from appointments.services.booking import book_slot, cancel_booking
from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write

api = room_api("appointments", "Appointments")


@api.get("/slots")
@api.input(SlotQuery, location="query", arg_name="query")
@api.output(SlotList)
@open_to(ANYONE)
def slots(query: SlotQuery) -> SlotList:
    """A department's slots on a day, with what is left of each."""
    with transaction() as session:
        return SlotList(items=list_slots(session, query))


@api.post("/bookings")
@api.input(BookSlot, arg_name="command")
@api.output(BookingView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def book(command: BookSlot) -> BookingView:
    """Take a place. A refusal (409) says why, and which slot is free instead."""
    return write(BookingView, lambda session: book_slot(session, current_actor(), command))


@api.get("/bookings")
@api.input(BookingQuery, location="query", arg_name="query")
@api.output(Page[BookingView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def own_bookings(query: BookingQuery) -> Page[BookingView]:
    """The caller's own bookings."""
    with transaction() as session:
        return list_own(session, current_actor(), query)


@api.get("/bookings/<uuid:booking_id>")
@api.output(BookingView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def one_booking(booking_id: UUID) -> BookingView:
    """One booking."""
    with transaction() as session:
        return get_booking(session, current_actor(), booking_id)


@api.delete("/bookings/<uuid:booking_id>")
@api.output(BookingView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def cancel(booking_id: UUID) -> BookingView:
    """Give the place back; answers the cancelled booking, however often it is called."""
    with transaction() as session:
        return cancel_booking(session, current_actor(), booking_id)


@api.get("/day-list")
@api.input(DayListQuery, location="query", arg_name="query")
@api.output(Page[DayListRow])
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def day_list(query: DayListQuery) -> Page[DayListRow]:
    """The patients an institution expects on a day."""
    with transaction() as session:
        return list_day(session, current_actor(), query)
