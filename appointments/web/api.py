"""/api/v1/appointments/…: slots, one's bookings, the desk's day list."""

from uuid import UUID

from sqlalchemy.orm import Session

from appointments.queries.bookings import get_booking, list_bookings
from appointments.queries.day_list import list_day
from appointments.queries.offers import list_slots
from appointments.schemas import (
    BookGroup,
    BookingGroup,
    BookingQuery,
    BookingView,
    BookSlot,
    CancelBooking,
    ChangeBooking,
    DayListQuery,
    DayListRow,
    SlotList,
    SlotQuery,
)
from appointments.services.booking import book_group, book_slot, confirm_booking, hold_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import change_booking
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
    """The caller's own bookings and their family's, or those of one person."""
    with transaction() as session:
        return list_bookings(session, current_actor(), query)


@api.get("/bookings/<uuid:booking_id>")
@api.output(BookingView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def one_booking(booking_id: UUID) -> BookingView:
    """One booking."""
    with transaction() as session:
        return get_booking(session, current_actor(), booking_id)


@api.post("/booking-groups")
@api.input(BookGroup, arg_name="command")
@api.output(BookingGroup, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def book_several(command: BookGroup) -> BookingGroup:
    """Take a place for each of several people: all of them, or none (409)."""

    def work(session: Session) -> BookingGroup:
        return BookingGroup(items=book_group(session, current_actor(), command))

    return write(BookingGroup, work)


@api.post("/holds")
@api.input(BookSlot, arg_name="command")
@api.output(BookingView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def hold(command: BookSlot) -> BookingView:
    """Keep a place for some minutes (``held_until``), to be confirmed."""
    return write(BookingView, lambda session: hold_slot(session, current_actor(), command))


@api.post("/bookings/<uuid:booking_id>/confirm")
@api.output(BookingView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def confirm(booking_id: UUID) -> BookingView:
    """Make a held place a booking; answers the booking, however often it is called."""
    with transaction() as session:
        return confirm_booking(session, current_actor(), booking_id)


@api.post("/bookings/<uuid:booking_id>/change")
@api.input(ChangeBooking, arg_name="command")
@api.output(BookingView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def change(booking_id: UUID, command: ChangeBooking) -> BookingView:
    """Move to another slot in one step; answers the new booking, however often it is called."""
    with transaction() as session:
        return change_booking(session, current_actor(), booking_id, command)


@api.delete("/bookings/<uuid:booking_id>")
@api.input(CancelBooking, location="query", arg_name="command")
@api.output(BookingView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def cancel(booking_id: UUID, command: CancelBooking) -> BookingView:
    """Give the place back; answers the cancelled booking, however often it is called. After the
    deadline only with ``late``: then it counts against the patient.
    """
    with transaction() as session:
        return cancel_booking(session, current_actor(), booking_id, command)


@api.get("/day-list")
@api.input(DayListQuery, location="query", arg_name="query")
@api.output(Page[DayListRow])
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def day_list(query: DayListQuery) -> Page[DayListRow]:
    """The patients an institution expects on a day."""
    with transaction() as session:
        return list_day(session, current_actor(), query)
