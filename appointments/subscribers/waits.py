"""What follows from places that come back: those who wait are served, and told."""

from collections.abc import Callable, Mapping

from sqlalchemy.orm import Session

from appointments.events import (
    HoldExpired,
    PlaceOffered,
    PlaceReturned,
    WaitClosed,
    WaitJoined,
    WaitLeft,
    WaitStopped,
)
from appointments.queries.circle import circle_of_person, name_of
from appointments.queries.stops import find_stopped_wait
from appointments.queries.waits import account_of_wait, find_wait, find_wait_of
from appointments.schemas import WaitView
from auth.public import person_and_phone
from core import clock, jobs
from core.events import Event
from core.messages import N_
from notifications.public import notify

OFFER = "appointments.jobs.offer_places"
# To the one who waits, to the one who did it, and to others who may act.
JOINED = (
    N_("%(by)s为您候补了 %(date)s %(institution)s %(department)s，有退号会通知。"),
    N_("已为%(name)s候补 %(date)s %(institution)s %(department)s，有退号会通知。"),
    N_("%(by)s为%(name)s候补了 %(date)s %(institution)s %(department)s，有退号会通知。"),
)
LEFT = (
    N_("%(by)s退出了您的候补：%(date)s %(institution)s %(department)s。"),
    N_("已退出%(name)s的候补：%(date)s %(institution)s %(department)s。"),
    N_("%(by)s退出了%(name)s的候补：%(date)s %(institution)s %(department)s。"),
)


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
    link = f"/appointments/departments/{wait.department_id}"
    for person_id in circle_of_person(session, event.person_id).everybody:
        notify(session, person_id, sentence, values, link)


def tell_joined(session: Session, event: WaitJoined) -> None:
    """Messages that somebody waits by another's act: to them and to all who may act for them."""
    _tell_act(session, event, JOINED)


def tell_left(session: Session, event: WaitLeft) -> None:
    """Messages that somebody waits no longer by another's act."""
    _tell_act(session, event, LEFT)


def _tell_act(
    session: Session, event: WaitJoined | WaitLeft, sentences: tuple[str, str, str]
) -> None:
    wait = find_wait(session, event.wait_id)
    if wait is None:
        return
    circle = circle_of_person(session, event.person_id, event.by)
    values = _words(wait) | {
        "date": f"{wait.date:%Y-%m-%d}",
        "name": circle.name,
        "by": name_of(session, event.by),
    }
    link = f"/appointments/waits/{wait.id}"
    own, for_actor, for_others = sentences
    if circle.own:
        notify(session, circle.person_id, own, values, link)
    for person_id in circle.others:
        sentence = for_actor if person_id == event.by else for_others
        notify(session, person_id, sentence, values, link)


def _tell_waiter(
    session: Session, wait: WaitView, sentence: str, values: Mapping[str, str]
) -> None:
    """The patient, whoever joined for them, and whoever may act for them."""
    named = {**_words(wait), **values}
    joined, _ = person_and_phone(session, account_of_wait(session, wait.id))
    for person_id in circle_of_person(session, wait.person_id, joined).everybody:
        notify(session, person_id, sentence, named, f"/appointments/waits/{wait.id}", sms=True)


def _words(wait: WaitView) -> dict[str, str]:
    return {
        "institution": wait.institution_name,
        "department": wait.department_name,
        "department_en": wait.department_name_en or "",
    }


SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = (
    (PlaceReturned, offer_returned_places),
    (PlaceOffered, tell_offered),
    (HoldExpired, tell_lapsed),
    (WaitClosed, tell_closed),
    (WaitJoined, tell_joined),
    (WaitLeft, tell_left),
    (WaitStopped, tell_wait_stopped),
)
