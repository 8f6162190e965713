"""Facts that appointments announce."""

from uuid import UUID

from core.events import Event


class SlotBooked(Event):
    """A person has a place."""

    booking_id: UUID
    person_id: UUID


class BookingCancelled(Event):
    """A person gave a place back."""

    booking_id: UUID
    person_id: UUID
