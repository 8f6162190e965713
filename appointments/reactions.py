"""What follows from facts of waits and of visits that are over: those who wait are served, what
counts is counted, and the patient is told.
"""

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from appointments.events import (
    AppealDecided,
    BookingCancelled,
    HoldExpired,
    PatientSuspended,
    PlaceOffered,
    PlaceReturned,
    SuspensionLifted,
    VisitMissed,
    WaitClosed,
)
from appointments.queries.bookings import find_booking
from appointments.queries.records import find_suspension
from appointments.queries.waits import account_of_wait, find_wait, find_wait_of
from appointments.schemas import SuspensionView, WaitView
from appointments.services.visits import count_late_cancellation
from auth.public import person_and_phone
from core import clock, jobs
from core.events import Event
from core.messages import N_
from notifications.public import notify

OFFER = "appointments.jobs.offer_places"
RECORD = "/appointments/record"


def offer_returned_places(session: Session, event: PlaceReturned) -> None:
    """Offers are made one a transaction, so they are work of their own."""
    jobs.defer_by_name(session, OFFER, session_id=str(event.session_id))


def tell_offered(session: Session, event: PlaceOffered) -> None:
    """A message, on the phone too: which place, and until when it is held."""
    wait = find_wait(session, event.wait_id)
    if wait and wait.held_until and wait.starts_at:
        values = {
            "when": f"{clock.local(wait.starts_at):%Y-%m-%d %H:%M}",
            "until": f"{clock.local(wait.held_until):%H:%M}",
        }
        sentence = N_(
            "候补到号了：%(when)s，%(institution)s %(department)s。请在 %(until)s 前确认。"
        )
        _tell_waiter(session, wait, sentence, values)


def tell_lapsed(session: Session, event: HoldExpired) -> None:
    """A message that the place offered went to the next, where the hold was an offer."""
    wait = find_wait_of(session, event.booking_id)
    if wait:
        sentence = N_("%(institution)s %(department)s 候补到的号没有按时确认，已让给下一位。")
        _tell_waiter(session, wait, sentence, {})


def tell_closed(session: Session, event: WaitClosed) -> None:
    """A message that no place came back."""
    wait = find_wait(session, event.wait_id)
    if wait:
        sentence = N_("%(date)s %(institution)s %(department)s 的候补已结束，没有等到退号。")
        _tell_waiter(session, wait, sentence, {"date": f"{wait.date:%Y-%m-%d}"})


def count_cancelled(session: Session, event: BookingCancelled) -> None:
    """A late cancellation counts against the patient."""
    count_late_cancellation(session, event.booking_id)


def tell_missed(session: Session, event: VisitMissed) -> None:
    """A message that a visit counts as missed, and where to put that right."""
    booking = find_booking(session, event.booking_id)
    if booking:
        values = {
            "when": f"{clock.local(booking.starts_at):%Y-%m-%d %H:%M}",
            "institution": booking.institution_name,
            "department": booking.department_name,
            "department_en": booking.department_name_en or "",
        }
        sentence = N_(
            "%(when)s，%(institution)s %(department)s 的预约没有到诊，已记爽约。有误请联系医院。"
        )
        notify(session, booking.person_id, sentence, values, RECORD)


def tell_suspended(session: Session, event: PatientSuspended) -> None:
    """A message, on the phone too: until when, why, and that one can appeal."""
    suspension = find_suspension(session, event.suspension_id)
    if suspension:
        _tell_suspended(
            session,
            suspension,
            N_("因爽约，在%(institution)s的网上预约暂停到 %(until)s。计入的就诊和申诉都在这里。"),
        )


def tell_lifted(session: Session, event: SuspensionLifted) -> None:
    """A message that a correction ended the suspension."""
    suspension = find_suspension(session, event.suspension_id)
    if suspension:
        sentence = N_("爽约记录已更正，在%(institution)s可以重新网上预约了。")
        _tell_suspended(session, suspension, sentence)


def tell_decided(session: Session, event: AppealDecided) -> None:
    """A message with the institution's answer."""
    suspension = find_suspension(session, event.suspension_id)
    if suspension is None:
        return
    sentence = N_("%(institution)s同意了您的申诉，可以重新网上预约了：%(decision)s")
    if suspension.lifted_at is None:
        sentence = N_("%(institution)s没有同意您的申诉，暂停到 %(until)s：%(decision)s")
    _tell_suspended(session, suspension, sentence)


def _tell_suspended(session: Session, suspension: SuspensionView, sentence: str) -> None:
    values = {
        "institution": suspension.institution_name,
        "until": f"{clock.local(suspension.until):%Y-%m-%d}",
        "decision": suspension.decision,
    }
    notify(session, suspension.person_id, sentence, values, RECORD, sms=True)


def _tell_waiter(
    session: Session, wait: WaitView, sentence: str, values: Mapping[str, str]
) -> None:
    """The patient and whoever joined for them: a child has no phone."""
    named = {
        "institution": wait.institution_name,
        "department": wait.department_name,
        "department_en": wait.department_name_en or "",
        **values,
    }
    joined, _ = person_and_phone(session, account_of_wait(session, wait.id))
    for person_id in {wait.person_id, joined or wait.person_id}:
        notify(session, person_id, sentence, named, f"/appointments/waits/{wait.id}", sms=True)


SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = (
    (PlaceReturned, offer_returned_places),
    (PlaceOffered, tell_offered),
    (HoldExpired, tell_lapsed),
    (WaitClosed, tell_closed),
    (BookingCancelled, count_cancelled),
    (VisitMissed, tell_missed),
    (PatientSuspended, tell_suspended),
    (SuspensionLifted, tell_lifted),
    (AppealDecided, tell_decided),
)
