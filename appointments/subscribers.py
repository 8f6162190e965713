"""What follows from this room's own facts: the patient is told."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import AccountRested, BookingCancelled, CaseDecided, SlotBooked
from appointments.queries.bookings import find_booking
from appointments.queries.conduct import find_case
from core import clock
from core.messages import N_
from notifications.public import notify

CONDUCT = "/appointments/conduct"


def tell_booked(session: Session, event: SlotBooked) -> None:
    """A message with the time, the place and the number."""
    _tell(
        session,
        event.booking_id,
        N_("预约成功：%(when)s，%(institution)s %(department)s，时段内第 %(number)s 号。"),
    )


def tell_cancelled(session: Session, event: BookingCancelled) -> None:
    """A message that the place was given back."""
    _tell(
        session,
        event.booking_id,
        N_("已取消预约：%(when)s，%(institution)s %(department)s。名额已退回。"),
    )


def tell_rested(session: Session, event: AccountRested) -> None:
    """A message that booking rests, and where one can answer."""
    sentence = N_("您的账号有异常预约情况，网上预约先暂停，等工作人员核查。您可以在这里说明情况。")
    notify(session, event.person_id, sentence, {}, CONDUCT)


def tell_decided(session: Session, event: CaseDecided) -> None:
    """A message with the outcome of a review; its reason stands on the page."""
    case = find_case(session, event.case_id)
    if case is None:
        return
    if case.rests_until is None:
        sentence = N_("异常预约核查已有结果：没有问题，网上预约已恢复。")
        notify(session, event.person_id, sentence, {}, CONDUCT)
        return
    sentence = N_("异常预约核查已有结果：网上预约暂停到 %(until)s。")
    until = f"{clock.local(case.rests_until):%Y-%m-%d}"
    notify(session, event.person_id, sentence, {"until": until}, CONDUCT)


def _tell(session: Session, booking_id: UUID, sentence: str) -> None:
    booking = find_booking(session, booking_id)
    if booking is None:
        return
    values: Mapping[str, str] = {
        "when": f"{clock.local(booking.starts_at):%Y-%m-%d %H:%M}",
        "institution": booking.institution_name,
        "department": booking.department_name,
        "department_en": booking.department_name_en or "",
        "number": str(booking.number),
    }
    link = f"/appointments/bookings/{booking_id}"
    notify(session, booking.person_id, sentence, values, link)
