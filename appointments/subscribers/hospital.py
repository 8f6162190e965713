"""What follows for the exchange: the hospital's own system is told."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from appointments.events import BookingCancelled, BookingChanged, BookingStopped, SlotBooked
from appointments.services.outbound import ask_for_number, ask_return
from core.events import Event


def lock_at_hospital(session: Session, event: SlotBooked) -> None:
    """The hospital's own system is to keep the number too, where it is linked."""
    ask_for_number(session, event.booking_id)


def return_to_hospital(session: Session, event: BookingCancelled | BookingStopped) -> None:
    """And to give it back."""
    ask_return(session, event.booking_id)


def exchange_at_hospital(session: Session, event: BookingChanged) -> None:
    """One number for another."""
    ask_return(session, event.former_id)
    ask_for_number(session, event.booking_id)


SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = (
    (SlotBooked, lock_at_hospital),
    (BookingCancelled, return_to_hospital),
    (BookingStopped, return_to_hospital),
    (BookingChanged, exchange_at_hospital),
)
