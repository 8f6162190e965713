"""What follows from referrals: both sides, the patient and their family are told. And what follows
for referrals from bookings and visits.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sqlalchemy.orm import Session

from appointments.events import (
    BookingCancelled,
    BookingRefused,
    BookingStopped,
    PatientArrived,
    ReferralAccepted,
    ReferralAgreed,
    ReferralAnswered,
    ReferralArrived,
    ReferralAsked,
    ReferralCompleted,
    ReferralDeclined,
    ReferralDue,
    ReferralEvent,
    ReferralLapsed,
    ReferralMissed,
    ReferralMoved,
    ReferralPlaced,
    ReferralProposed,
    ReferralRefused,
    ReferralSent,
    ReferralUnbooked,
    ReferralWithdrawn,
    VisitMissed,
)
from appointments.models import Referral
from appointments.queries.bookings import find_booking
from appointments.queries.circle import circle_of_person
from appointments.queries.referral_people import receivers_of, senders_of
from appointments.queries.referrals import find_referral
from appointments.schemas import State, Urgency
from appointments.services.referral_visits import arrive, lose_visit, miss
from core import clock
from core.events import Event
from core.messages import N_
from notifications.public import notify


class ForFamily(NamedTuple):
    """What the patient hears, and what those hear who act for them."""

    own: str
    for_other: str


ACCEPTED = ForFamily(
    N_("转诊已被接收：%(to)s。"),
    N_("%(name)s的转诊已被接收：%(to)s。"),
)
FAMILY: dict[type[Event], ForFamily] = {
    ReferralSent: ForFamily(
        N_("医生为您发起了转诊：%(to)s。对方答复后会再告诉您。"),
        N_("医生为%(name)s发起了转诊：%(to)s。对方答复后会再告诉您。"),
    ),
    ReferralAsked: ForFamily(
        N_("%(to)s接收转诊前想多了解一些情况，正在等您的医生回答。"),
        N_("%(to)s接收%(name)s的转诊前想多了解一些情况，正在等医生回答。"),
    ),
    ReferralProposed: ForFamily(
        N_("%(to)s建议您换个地方看，医生会与您商量。"),
        N_("%(to)s建议%(name)s换个地方看，医生会与你们商量。"),
    ),
    ReferralAccepted: ACCEPTED,
    ReferralAgreed: ACCEPTED,
    ReferralUnbooked: ForFamily(
        N_("转诊约好的时间没有了：%(to)s。对方会另外安排，定下后告诉您；不去了可以谢绝。"),
        N_("%(name)s转诊约好的时间没有了：%(to)s。对方会另外安排，定下后告诉您；不去了可以谢绝。"),
    ),
    ReferralDeclined: ForFamily(
        N_("%(to)s暂不能接收这次转诊，医生会与您商量下一步。"),
        N_("%(to)s暂不能接收%(name)s的转诊，医生会与你们商量下一步。"),
    ),
    ReferralWithdrawn: ForFamily(
        N_("医生撤回了这次转诊：%(to)s。"),
        N_("医生撤回了%(name)s的转诊：%(to)s。"),
    ),
    ReferralLapsed: ForFamily(
        N_("%(to)s没有在期限内答复转诊，医生会与您商量下一步。"),
        N_("%(to)s没有在期限内答复%(name)s的转诊，医生会与你们商量下一步。"),
    ),
    ReferralMissed: ForFamily(
        N_("没有收到您到诊的消息：%(to)s。还需要去的话，请联系您的医生。"),
        N_("没有收到%(name)s到诊的消息：%(to)s。还需要去的话，请联系医生。"),
    ),
    ReferralCompleted: ForFamily(
        N_("%(to)s已把这次诊疗情况反馈给您的医生。"),
        N_("%(to)s已把%(name)s的诊疗情况反馈给医生。"),
    ),
}
SENDER: dict[type[Event], str] = {
    ReferralAsked: N_("您发出的转诊有问题待回答：%(to)s。"),
    ReferralProposed: N_("您发出的转诊，对方建议改到别处：%(to)s。"),
    ReferralAccepted: N_("您发出的转诊已被接收：%(to)s。"),
    ReferralPlaced: N_("您转诊的患者改到 %(when)s 就诊：%(to)s。"),
    ReferralMoved: N_("您转诊的患者改到 %(when)s 就诊：%(to)s。"),
    ReferralUnbooked: N_(
        "您转诊的患者约好的时间没有了：%(to)s。对方 %(by)s 前另约；也可以撤回，改转别处。"
    ),
    ReferralDeclined: N_("您发出的转诊没有被接收：%(to)s。"),
    ReferralRefused: N_("患者谢绝了您发出的转诊：%(to)s。"),
    ReferralDue: N_("您发出的转诊还没有答复，%(by)s 到期：%(to)s。"),
    ReferralLapsed: N_("您发出的转诊过期没有答复：%(to)s。"),
    ReferralArrived: N_("您转诊的患者已到诊：%(to)s。"),
    ReferralMissed: N_("您转诊的患者没有到诊：%(to)s。请与患者联系。"),
    ReferralCompleted: N_("您发出的转诊有了诊疗反馈：%(to)s。"),
}
EMERGENCY = N_("收到一份危急转诊，来自%(from)s。请在 %(by)s 前答复。")
RECEIVER: dict[type[Event], str] = {
    ReferralSent: N_("收到一份转诊，来自%(from)s。请在 %(by)s 前答复。"),
    ReferralAnswered: N_("%(from)s答复了转诊的问题。请在 %(by)s 前决定是否接收。"),
    ReferralAgreed: N_("%(from)s同意了您建议的安排，转诊已接收。"),
    ReferralMoved: N_("%(from)s转来的患者改到 %(when)s 就诊。"),
    ReferralUnbooked: N_("%(from)s转来的患者，约好的时间没有了。请在 %(by)s 前另约。"),
    ReferralWithdrawn: N_("%(from)s撤回了转诊。"),
    ReferralRefused: N_("%(from)s转来的患者谢绝了转诊。"),
    ReferralDue: N_("%(from)s的转诊还没有答复，%(by)s 到期。"),
    ReferralLapsed: N_("%(from)s的转诊过期没有答复，已经失效。"),
}
# The same events where the receiving side had said yes, and the visit fell away.
SENDER_AFTER: dict[type[Event], str] = {
    ReferralDue: N_("您转诊的患者还没有约到新的时间，%(by)s 到期：%(to)s。"),
    ReferralLapsed: N_("您转诊的患者没有约到新的时间，转诊已结束：%(to)s。"),
}
RECEIVER_AFTER: dict[type[Event], str] = {
    ReferralDue: N_("%(from)s转来的患者还没有另约时间，%(by)s 到期。"),
    ReferralLapsed: N_("%(from)s转来的患者没有另约时间，转诊已结束。"),
}
FAMILY_AFTER: dict[type[Event], ForFamily] = {
    ReferralLapsed: ForFamily(
        N_("%(to)s没有另外安排时间，这次转诊已结束，医生会与您商量下一步。"),
        N_("%(to)s没有另外安排时间，%(name)s的转诊已结束，医生会与你们商量下一步。"),
    ),
}


def tell_of_referral(session: Session, event: ReferralEvent) -> None:
    """The patient, whoever acts for them, and both sides hear what became of a referral; staff's
    messages name nobody.
    """
    referral = find_referral(session, event.referral_id)
    link = f"/appointments/referrals/{referral.id}"
    values = _values(session, referral)
    kind, after = type(event), referral.accepted_at is not None
    _tell_family(session, referral, kind, after, values, link)
    sentence = (SENDER_AFTER if after else {}).get(kind) or SENDER.get(kind)
    if sentence:
        for person_id in senders_of(session, referral):
            notify(session, person_id, sentence, values, link)
    sentence = (RECEIVER_AFTER if after else {}).get(kind) or RECEIVER.get(kind)
    if sentence:
        urgent = kind is ReferralSent and referral.urgency == Urgency.EMERGENCY
        for person_id in receivers_of(session, referral):
            told = EMERGENCY if urgent else sentence
            notify(session, person_id, told, values, link, sms=urgent)


def free_referral(
    session: Session, event: BookingCancelled | BookingRefused | BookingStopped
) -> None:
    """A referral whose visit fell away waits for another."""
    lose_visit(session, event.booking_id)


def follow_arrival(session: Session, event: PatientArrived) -> None:
    """Who was referred has come."""
    arrive(session, event.booking_id)


def follow_absence(session: Session, event: VisitMissed) -> None:
    """Who was referred has not come."""
    miss(session, event.booking_id)


def _tell_family(
    session: Session,
    referral: Referral,
    kind: type[Event],
    after: bool,
    values: Mapping[str, str],
    link: str,
) -> None:
    told = (FAMILY_AFTER if after else {}).get(kind) or FAMILY.get(kind)
    if told is None:
        return
    # Of a place that became a booking, or of a visit that was missed, they hear with the booking.
    if kind in (ReferralAccepted, ReferralAgreed, ReferralMissed) and referral.booking_id:
        return
    circle = circle_of_person(session, referral.person_id)
    named = {**values, "name": circle.name}
    if circle.own:
        notify(session, circle.person_id, told.own, values, link)
    for person_id in circle.others:
        notify(session, person_id, told.for_other, named, link)


def _values(session: Session, referral: Referral) -> dict[str, str]:
    department_en = referral.department_name_en or referral.department_name
    booking = find_booking(session, referral.booking_id) if referral.booking_id else None
    live = booking is not None and booking.state is not State.CANCELLED
    return {
        "to": _joined(referral.to_name, referral.department_name),
        "to_en": _joined(referral.to_name, department_en),
        "from": referral.from_name,
        "by": f"{clock.local(referral.answer_by):%m-%d %H:%M}",
        "when": f"{clock.local(booking.starts_at):%m-%d %H:%M}" if booking and live else "",
    }


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


TOLD = dict.fromkeys((*FAMILY, *SENDER, *RECEIVER))
SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = (
    *((event, tell_of_referral) for event in TOLD),
    (BookingCancelled, free_referral),
    (BookingRefused, free_referral),
    (BookingStopped, free_referral),
    (PatientArrived, follow_arrival),
    (VisitMissed, follow_absence),
)
