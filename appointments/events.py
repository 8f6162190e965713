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


class BookingChanged(Event):
    """A person has another place in exchange for the former."""

    booking_id: UUID
    former_id: UUID
    person_id: UUID


class PlaceReturned(Event):
    """A place came back to a session that somebody waits for."""

    session_id: UUID


class HoldExpired(Event):
    """A place that was held for a person went back."""

    booking_id: UUID
    person_id: UUID


class AccountRested(Event):
    """An account's booking on the network rests until staff has looked at it."""

    case_id: UUID
    person_id: UUID


class CaseDecided(Event):
    """Staff has decided a review of an account's booking."""

    case_id: UUID
    person_id: UUID
