"""What follows from referrals: the patient and the sender are told."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from appointments.events import (
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
)
from appointments.queries.referrals import find_referral
from auth.public import person_and_phone
from core import clock
from core.events import Event
from core.messages import N_
from notifications.public import notify

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


SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = tuple(
    (event, tell_of_referral) for event in dict.fromkeys((*TOLD_PATIENT, *TOLD_SENDER))
)
