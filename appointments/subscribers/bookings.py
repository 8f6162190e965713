"""What follows from bookings: the patient is told, and whoever acts for them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import (
    BookingCancelled,
    BookingChanged,
    BookingStopped,
    SlotBooked,
)
from appointments.models import Rule
from appointments.queries.bookings import find_booking
from appointments.queries.circle import (
    booker_of,
    circle_of_booking,
    name_of,
    words_of,
)
from appointments.queries.stops import instead_link, stop_reason
from appointments.queries.tickets import redirected_to
from appointments.schemas import ONE_VISIT, AtHospital, Because, BookingView, Source
from core.events import Event
from core.messages import N_
from notifications.public import notify


class Words(NamedTuple):
    """What the patient hears of an act, what the one hears who did it for them, and what others
    hear who may act for them. With ``by`` somebody else than the patient did it.
    """

    own: str
    own_by: str
    actor: str
    others: str


BOOKED = Words(
    N_("预约成功：%(when)s，%(institution)s %(department)s，时段内第 %(number)s 号。"),
    N_(
        "%(by)s为您预约了 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"
        "不需要可以取消。"
    ),
    N_("已为%(name)s预约：%(when)s，%(institution)s %(department)s，第 %(number)s 号。"),
    N_("%(name)s有了预约：%(when)s，%(institution)s %(department)s，第 %(number)s 号。"),
)
# Said of a place whose hospital was asked for a number and has not answered yet.
ASKED = BOOKED._replace(
    own=N_(
        "已为您占号，等待医院确认：%(when)s，%(institution)s %(department)s，"
        "时段内第 %(number)s 号。医院没有留住时会马上告诉您。"
    )
)
BY_DOCTOR = N_(
    "家庭医生为您预约了 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"
    "不需要可以取消，不计爽约。"
)
BY_DOCTOR_FOR = N_(
    "家庭医生为%(name)s预约了 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"
    "不需要可以取消，不计爽约。"
)
_CANCELLED_FOR = N_("已取消%(name)s的预约：%(when)s，%(institution)s %(department)s。名额已退回。")
CANCELLED = Words(
    N_("已取消预约：%(when)s，%(institution)s %(department)s。名额已退回。"),
    N_("%(by)s取消了您的预约：%(when)s，%(institution)s %(department)s。名额已退回。"),
    _CANCELLED_FOR,
    _CANCELLED_FOR,
)
_LATE_FOR = N_(
    "已取消%(name)s的预约：%(when)s，%(institution)s %(department)s。"
    "已过免责取消时间，计 %(counts)s 次爽约。"
)
CANCELLED_LATE = Words(
    N_(
        "已取消预约：%(when)s，%(institution)s %(department)s。"
        "已过免责取消时间，计 %(counts)s 次爽约。"
    ),
    N_(
        "%(by)s取消了您的预约：%(when)s，%(institution)s %(department)s。"
        "已过免责取消时间，计 %(counts)s 次爽约。"
    ),
    _LATE_FOR,
    _LATE_FOR,
)
_BY_HOSPITAL = N_(
    "医院或医生取消了您的预约：%(when)s，%(institution)s %(department)s。不计爽约，可以另约。"
)
_BY_HOSPITAL_FOR = N_(
    "医院或医生取消了%(name)s的预约：%(when)s，%(institution)s %(department)s。不计爽约，可以另约。"
)
CANCELLED_BY_THEM = Words(_BY_HOSPITAL, _BY_HOSPITAL, _BY_HOSPITAL_FOR, _BY_HOSPITAL_FOR)
_REDIRECTED = N_(
    "分诊后请您改到%(to)s就诊，号已另给：%(when)s，%(institution)s %(department)s 的号已退回，"
    "不计爽约。"
)
_REDIRECTED_FOR = N_(
    "分诊后请%(name)s改到%(to)s就诊，号已另给："
    "%(when)s，%(institution)s %(department)s 的号已退回，"
    "不计爽约。"
)
REDIRECTED = Words(_REDIRECTED, _REDIRECTED, _REDIRECTED_FOR, _REDIRECTED_FOR)
_CHANGED_FOR = N_(
    "%(name)s的预约已改为 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"
)
CHANGED = Words(
    N_("预约时间已改为 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"),
    N_("%(by)s把您的预约改到 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"),
    _CHANGED_FOR,
    _CHANGED_FOR,
)

CHANGED_ASKED = CHANGED._replace(
    own=N_(
        "已改到 %(when)s，%(institution)s %(department)s，第 %(number)s 号，等待医院确认。"
        "医院没有留住时会马上告诉您。"
    )
)


def tell_booked(session: Session, event: SlotBooked) -> None:
    """A message with the time, the place and the number; by SMS too where somebody else booked."""
    booking = find_booking(session, event.booking_id)
    if booking is None:
        return
    if booking.source is Source.FAMILY_DOCTOR:
        circle = circle_of_booking(session, booking)
        if circle.own:
            _tell(session, booking, booking.person_id, BY_DOCTOR, sms=True)
        for person_id in circle.others:
            _tell(session, booking, person_id, BY_DOCTOR_FOR, sms=True)
        return
    booker = booker_of(session, booking) if booking.source is Source.FAMILY else None
    words = ASKED if booking.hospital is AtHospital.WAITING else BOOKED
    _tell_circle(session, booking, words, booker, sms=booker is not None)


def tell_cancelled(session: Session, event: BookingCancelled) -> None:
    """A message that the place was given back, who did it where it was not the patient, and what
    it counts; the doctor whose booking was refused has one too.
    """
    booking = find_booking(session, event.booking_id)
    if booking is None:
        return
    words, more = CANCELLED, {}
    if new := _redirected(session, booking):
        words = REDIRECTED
        more = {"to": new.department_name, "to_en": new.department_name_en or ""}
    elif booking.because is Because.HOSPITAL:
        words = CANCELLED_BY_THEM
    elif booking.because is Because.LATE and (counts := _counts(session, booking)):
        words, more = CANCELLED_LATE, {"counts": counts}
    _tell_circle(session, booking, words, event.by, more)
    if booking.because is Because.REFUSED and (booker := booker_of(session, booking)):
        sentence = N_(
            "%(name)s不需要您代约的号：%(when)s，%(institution)s %(department)s，已经取消。"
        )
        _tell(session, booking, booker, sentence)


def tell_changed(session: Session, event: BookingChanged) -> None:
    """A message with the new time, and who chose it where it was not the patient."""
    booking = find_booking(session, event.booking_id)
    if booking is not None:
        words = CHANGED_ASKED if booking.hospital is AtHospital.WAITING else CHANGED
        _tell_circle(session, booking, words, event.by)


def tell_stopped(session: Session, event: BookingStopped) -> None:
    """A message, on the phone too, that the clinic does not take place, why, and where to choose
    another time; whoever acts for the patient has one too.
    """
    booking = find_booking(session, event.booking_id)
    if booking is None:
        return
    sentence = N_(
        "停诊通知：%(when)s，%(institution)s %(department)s 停诊（%(reason)s）。"
        "预约已取消，不计爽约，也不用缴挂号费。点此改约最近的空号。"
    )
    values = words_of(booking) | {"reason": stop_reason(session, event.booking_id)}
    link = instead_link(event.booking_id)
    for person_id in circle_of_booking(session, booking).everybody:
        notify(session, person_id, sentence, values, link, sms=True)


def _redirected(session: Session, booking: BookingView) -> BookingView | None:
    """The booking with which triage sent the patient on, where that ended this one."""
    if booking.because is not Because.HOSPITAL:
        return None
    new = redirected_to(session, booking.id)
    return find_booking(session, new) if new else None


def _counts(session: Session, booking: BookingView) -> str:
    """How many missed visits a late cancellation is counted as; nothing where it is not."""
    percent = session.get_one(Rule, booking.institution_id).late_cancel_percent
    return f"{percent / ONE_VISIT:g}" if percent else ""


def _tell_circle(
    session: Session,
    booking: BookingView,
    words: Words,
    by: UUID | None,
    more: Mapping[str, str] | None = None,
    *,
    sms: bool = False,
) -> None:
    """The patient, and whoever may act for them; on the phone the patient only."""
    circle = circle_of_booking(session, booking)
    acted = by is not None and by != booking.person_id
    values = {**(more or {}), "by": name_of(session, by)} if acted else dict(more or {})
    if circle.own:
        own = words.own_by if acted else words.own
        _tell(session, booking, booking.person_id, own, values, sms=sms)
    for person_id in circle.others:
        sentence = words.actor if person_id == by else words.others
        _tell(session, booking, person_id, sentence, values)


def _tell(
    session: Session,
    booking: BookingView,
    person_id: UUID,
    sentence: str,
    more: Mapping[str, str] | None = None,
    *,
    sms: bool = False,
) -> None:
    values: Mapping[str, str] = words_of(booking) | dict(more or {})
    notify(session, person_id, sentence, values, f"/appointments/bookings/{booking.id}", sms=sms)


SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = (
    (SlotBooked, tell_booked),
    (BookingCancelled, tell_cancelled),
    (BookingChanged, tell_changed),
    (BookingStopped, tell_stopped),
)
