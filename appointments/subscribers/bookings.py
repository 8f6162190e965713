"""What follows from bookings: the patient is told, and whoever acts for them."""

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import (
    BookingCancelled,
    BookingChanged,
    BookingStopped,
    SlotBooked,
)
from appointments.queries.bookings import find_booking
from appointments.queries.circle import Circle, circle_of_booking, words_of
from appointments.queries.stops import instead_link, stop_reason
from appointments.schemas import Because, BookingView, Source
from core.events import Event
from core.messages import N_
from notifications.public import notify

BY_FAMILY = N_(
    "%(by)s为您预约了 %(when)s，%(institution)s %(department)s，第 %(number)s 号。不需要可以取消。"
)
BY_DOCTOR = N_(
    "家庭医生为您预约了 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"
    "不需要可以取消，不计爽约。"
)
BY_DOCTOR_FOR = N_(
    "家庭医生为%(name)s预约了 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"
    "不需要可以取消，不计爽约。"
)
# To the patient, and to whoever acts for them.
CANCELLED = (
    N_("已取消预约：%(when)s，%(institution)s %(department)s。名额已退回。"),
    N_("已取消%(name)s的预约：%(when)s，%(institution)s %(department)s。名额已退回。"),
)
CANCELLED_BY_THEM = (
    N_("医院或医生取消了您的预约：%(when)s，%(institution)s %(department)s。不计爽约，可以另约。"),
    N_(
        "医院或医生取消了%(name)s的预约：%(when)s，%(institution)s %(department)s。"
        "不计爽约，可以另约。"
    ),
)


def tell_booked(session: Session, event: SlotBooked) -> None:
    """A message with the time, the place and the number; by SMS too where somebody else booked."""
    booking = find_booking(session, event.booking_id)
    if booking is None:
        return
    circle = circle_of_booking(session, booking)
    if booking.source is Source.FAMILY:
        _tell(session, booking, booking.person_id, BY_FAMILY, sms=True, by=circle.booker_name)
        for person_id in circle.others:
            sentence = N_(
                "已为%(name)s预约：%(when)s，%(institution)s %(department)s，第 %(number)s 号。"
            )
            _tell(session, booking, person_id, sentence)
    elif booking.source is Source.FAMILY_DOCTOR:
        _tell(session, booking, booking.person_id, BY_DOCTOR, sms=True)
        for person_id in circle.others:
            _tell(session, booking, person_id, BY_DOCTOR_FOR, sms=True)
    else:
        sentence = N_(
            "预约成功：%(when)s，%(institution)s %(department)s，时段内第 %(number)s 号。"
        )
        _tell(session, booking, booking.person_id, sentence)


def tell_cancelled(session: Session, event: BookingCancelled) -> None:
    """A message that the place was given back, and that it was not the patient who did; the doctor
    whose booking was refused has one too.
    """
    booking = find_booking(session, event.booking_id)
    if booking is None:
        return
    circle = circle_of_booking(session, booking)
    sentence, to_others = CANCELLED
    if booking.because is Because.HOSPITAL:
        sentence, to_others = CANCELLED_BY_THEM
    _tell(session, booking, booking.person_id, sentence)
    _tell_others(session, booking, circle, to_others)
    if booking.because is Because.REFUSED and circle.booker_id:
        sentence = N_(
            "%(name)s不需要您代约的号：%(when)s，%(institution)s %(department)s，已经取消。"
        )
        _tell(session, booking, circle.booker_id, sentence)


def tell_changed(session: Session, event: BookingChanged) -> None:
    """A message with the new time."""
    booking = find_booking(session, event.booking_id)
    if booking is None:
        return
    sentence = N_("预约时间已改为 %(when)s，%(institution)s %(department)s，第 %(number)s 号。")
    _tell(session, booking, booking.person_id, sentence)
    _tell_others(
        session, booking, circle_of_booking(session, booking),
        N_("%(name)s的预约已改为 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"),
    )  # fmt: skip


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
    circle = circle_of_booking(session, booking)
    for person_id in (booking.person_id, *circle.others):
        notify(session, person_id, sentence, values, link, sms=True)


def _tell_others(session: Session, booking: BookingView, circle: Circle, sentence: str) -> None:
    for person_id in circle.others:
        _tell(session, booking, person_id, sentence)


def _tell(
    session: Session,
    booking: BookingView,
    person_id: UUID,
    sentence: str,
    *,
    sms: bool = False,
    by: str = "",
) -> None:
    values: Mapping[str, str] = words_of(booking) | {"by": by}
    notify(session, person_id, sentence, values, f"/appointments/bookings/{booking.id}", sms=sms)


SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = (
    (SlotBooked, tell_booked),
    (BookingCancelled, tell_cancelled),
    (BookingChanged, tell_changed),
    (BookingStopped, tell_stopped),
)
