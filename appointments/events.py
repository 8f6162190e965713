"""Facts that appointments announce."""

from uuid import UUID

from core.events import Event


class SlotBooked(Event):
    """A person has a place."""

    booking_id: UUID
    person_id: UUID


class BookingCancelled(Event):
    """A person gave a place back, or ``by`` did, who acts for them."""

    booking_id: UUID
    person_id: UUID
    by: UUID | None = None


class BookingChanged(Event):
    """A person has another place in exchange for the former; ``by`` chose it, who may be another
    who acts for them.
    """

    booking_id: UUID
    former_id: UUID
    person_id: UUID
    by: UUID | None = None


class WaitJoined(Event):
    """A person waits for a full session: ``by``, who acts for them, joined."""

    wait_id: UUID
    person_id: UUID
    by: UUID


class WaitLeft(Event):
    """A person waits no longer: ``by``, who acts for them, left."""

    wait_id: UUID
    person_id: UUID
    by: UUID


class PlaceReturned(Event):
    """A place came back to a session that somebody waits for."""

    session_id: UUID


class HoldExpired(Event):
    """A place that was held for a person went back."""

    booking_id: UUID
    person_id: UUID


class PlaceOffered(Event):
    """A place is held for a person who waited for it."""

    wait_id: UUID
    person_id: UUID


class WaitClosed(Event):
    """A person waited in vain: no offers come any more."""

    wait_id: UUID
    person_id: UUID


class PatientArrived(Event):
    """A person came to a visit: checked in, or the desk said so afterwards."""

    booking_id: UUID
    person_id: UUID


class VisitMissed(Event):
    """A person did not come to a visit."""

    booking_id: UUID
    person_id: UUID


class PatientSuspended(Event):
    """A person may not book at an institution for a while."""

    suspension_id: UUID
    person_id: UUID


class SuspensionLifted(Event):
    """A person may book at an institution again before the time."""

    suspension_id: UUID
    person_id: UUID


class AppealDecided(Event):
    """An institution answered what a person said to their suspension."""

    suspension_id: UUID
    person_id: UUID


class ReferralEvent(Event):
    """Something became of a referral."""

    referral_id: UUID
    person_id: UUID


class ReferralSent(ReferralEvent):
    """A patient was referred, or the referral went on to another institution."""


class ReferralAsked(ReferralEvent):
    """The receiving side has a question."""


class ReferralAnswered(ReferralEvent):
    """The sending side answered, or kept to its wish."""


class ReferralProposed(ReferralEvent):
    """The receiving side would rather see the patient elsewhere."""


class ReferralAccepted(ReferralEvent):
    """The patient will be seen."""


class ReferralAgreed(ReferralEvent):
    """The sending side took what was proposed: the patient will be seen."""


class ReferralPlaced(ReferralEvent):
    """The receiving side gave the patient another time."""


class ReferralMoved(ReferralEvent):
    """The patient has another time, which was not the receiving side's doing."""


class ReferralUnbooked(ReferralEvent):
    """The visit that was promised fell away; another is looked for."""


class ReferralDeclined(ReferralEvent):
    """The receiving side will not see the patient."""


class ReferralWithdrawn(ReferralEvent):
    """The sending side took it back."""


class ReferralRefused(ReferralEvent):
    """The patient will not go."""


class ReferralLapsed(ReferralEvent):
    """Nobody answered in time."""


class ReferralDue(ReferralEvent):
    """The deadline of an answer comes near."""


class ReferralArrived(ReferralEvent):
    """The patient came."""


class ReferralMissed(ReferralEvent):
    """The patient did not come."""


class ReferralCompleted(ReferralEvent):
    """The receiving side reported back."""


class AccountRested(Event):
    """An account's booking on the network rests until staff has looked at it."""

    case_id: UUID
    person_id: UUID


class CaseDecided(Event):
    """Staff has decided a review of an account's booking."""

    case_id: UUID
    person_id: UUID


class SessionStopped(Event):
    """A session takes place no more; its bookings end one by one."""

    session_id: UUID


class BookingStopped(Event):
    """A person's booking ended with its session: the hospital's doing, not theirs."""

    booking_id: UUID
    person_id: UUID


class WaitStopped(Event):
    """A person waits no more, as the session was stopped."""

    wait_id: UUID
    person_id: UUID


class BookingRefused(Event):
    """The hospital's own system took back a place that a person had."""

    booking_id: UUID
    person_id: UUID
