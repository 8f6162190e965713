"""What follows from this room's own facts: the patient is told, and whoever acts for them."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import (
    AccountRested,
    BookingCancelled,
    BookingChanged,
    BookingStopped,
    CaseDecided,
    ReferralAccepted,
    ReferralAsked,
    ReferralCompleted,
    ReferralDeclined,
    ReferralDue,
    ReferralEvent,
    ReferralLapsed,
    ReferralProposed,
    ReferralRefused,
    ReferralSent,
    ReferralWithdrawn,
    SlotBooked,
    WaitStopped,
)
from appointments.queries.bookings import find_booking
from appointments.queries.circle import Circle, circle_of_booking, words_of
from appointments.queries.conduct import find_case
from appointments.queries.referrals import find_referral
from appointments.queries.stops import find_stopped_wait, stop_reason
from appointments.schemas import Because, BookingView, Source
from auth.public import person_and_phone
from core import clock
from core.events import Event
from core.messages import N_
from notifications.public import notify

BY_FAMILY = N_(
    "%(by)s为您预约了 %(when)s，%(institution)s %(department)s，第 %(number)s 号。不需要可以取消。"
)
CONDUCT = "/appointments/conduct"
BY_DOCTOR = N_(
    "家庭医生为您预约了 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"
    "不需要可以取消，不计爽约。"
)
BY_DOCTOR_FOR = N_(
    "家庭医生为%(name)s预约了 %(when)s，%(institution)s %(department)s，第 %(number)s 号。"
    "不需要可以取消，不计爽约。"
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
    """A message that the place was given back; the doctor whose booking was refused has one too."""
    booking = find_booking(session, event.booking_id)
    if booking is None:
        return
    circle = circle_of_booking(session, booking)
    sentence = N_("已取消预约：%(when)s，%(institution)s %(department)s。名额已退回。")
    _tell(session, booking, booking.person_id, sentence)
    _tell_others(
        session, booking, circle,
        N_("已取消%(name)s的预约：%(when)s，%(institution)s %(department)s。名额已退回。"),
    )  # fmt: skip
    if booking.because is Because.REFUSED and circle.booker_id:
        sentence = N_(
            "%(name)s不需要您代约的号：%(when)s，%(institution)s %(department)s，已经取消。"
        )
        _tell(session, booking, circle.booker_id, sentence)


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


def _tell_others(session: Session, booking: BookingView, circle: Circle, sentence: str) -> None:
    for person_id in circle.others:
        _tell(session, booking, person_id, sentence)


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
    link = f"/appointments/bookings/{event.booking_id}/instead"
    circle = circle_of_booking(session, booking)
    for person_id in (booking.person_id, *circle.others):
        notify(session, person_id, sentence, values, link, sms=True)


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


# What the patient hears of a referral, and what the one who sent it does.
TOLD_PATIENT: dict[type[Event], str] = {
    ReferralSent: N_("医生为您发起了转诊：%(to)s。对方答复后会再告诉您。"),
    ReferralAccepted: N_("转诊已被接收：%(to)s。"),
    ReferralDeclined: N_("%(to)s暂不能接收这次转诊，医生会与您商量下一步。"),
    ReferralWithdrawn: N_("医生撤回了这次转诊：%(to)s。"),
    ReferralLapsed: N_("%(to)s没有在期限内答复转诊，医生会与您商量下一步。"),
    ReferralCompleted: N_("%(to)s已把这次诊疗情况反馈给您的医生。"),
}
TOLD_SENDER: dict[type[Event], str] = {
    ReferralAsked: N_("您发出的转诊有问题待回答：%(to)s。"),
    ReferralProposed: N_("您发出的转诊，对方建议改到别处：%(to)s。"),
    ReferralAccepted: N_("您发出的转诊已被接收：%(to)s。"),
    ReferralDeclined: N_("您发出的转诊没有被接收：%(to)s。"),
    ReferralRefused: N_("患者谢绝了您发出的转诊：%(to)s。"),
    ReferralDue: N_("您发出的转诊还没有答复，%(by)s 到期：%(to)s。"),
    ReferralLapsed: N_("您发出的转诊过期没有答复：%(to)s。"),
    ReferralCompleted: N_("您发出的转诊有了诊疗反馈：%(to)s。"),
}
OF_REFERRALS = tuple(dict.fromkeys((*TOLD_PATIENT, *TOLD_SENDER)))


def tell_of_referral(session: Session, event: ReferralEvent) -> None:
    """The patient and the sender hear what became of a referral; no message names anybody."""
    referral = find_referral(session, event.referral_id)
    where = " ".join(part for part in (referral.to_name, referral.department_name) if part)
    where_en = " ".join(
        part
        for part in (referral.to_name, referral.department_name_en or referral.department_name)
        if part
    )
    values = {
        "to": where,
        "to_en": where_en,
        "by": f"{clock.local(referral.answer_by):%m-%d %H:%M}",
    }
    link = f"/appointments/referrals/{referral.id}"
    # Of a place that became a booking the patient is told with the booking.
    told = isinstance(event, ReferralAccepted) and referral.booking_id is not None
    if (sentence := TOLD_PATIENT.get(type(event))) and not told:
        notify(session, referral.person_id, sentence, values, link)
    if (sentence := TOLD_SENDER.get(type(event))) and referral.account_id:
        person_id, _ = person_and_phone(session, referral.account_id)
        if person_id:
            notify(session, person_id, sentence, values, link)
