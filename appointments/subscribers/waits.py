"""What follows from places that come back: those who wait are served, and told."""

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from appointments.events import (
    HoldExpired,
    PlaceOffered,
    PlaceReturned,
    WaitClosed,
    WaitStopped,
)
from appointments.queries.stops import find_stopped_wait
from appointments.queries.waits import account_of_wait, find_wait, find_wait_of
from appointments.schemas import WaitView
from auth.public import person_and_phone
from core import clock, jobs
from core.events import Event
from core.messages import N_
from notifications.public import notify

OFFER = "appointments.jobs.offer_places"


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


def tell_wait_stopped(session: Session, event: WaitStopped) -> None:
    """A message that there is nothing to wait for any more."""
    wait = find_stopped_wait(session, event.wait_id)
    if wait is None:
        return
    values = {
        "when": f"{wait.date:%Y-%m-%d}",
        "institution": wait.institution_name,
        "department": wait.department_name,
        "department_en": wait.department_name_en or "",
        "reason": wait.stop_reason,
    }
    sentence = N_(
        "停诊通知：您候补的 %(when)s %(institution)s %(department)s 停诊（%(reason)s），"
        "候补已结束。可以看看这个科室的其他时间。"
    )
    notify(
        session,
        event.person_id,
        sentence,
        values,
        f"/appointments/departments/{wait.department_id}",
    )


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
    (WaitStopped, tell_wait_stopped),
)
