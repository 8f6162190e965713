"""What follows from visits that are over: what counts is counted, and the patient is told."""

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import (
    AppealDecided,
    BookingCancelled,
    PatientSuspended,
    SuspensionLifted,
    VisitMissed,
)
from appointments.queries.bookings import find_booking
from appointments.queries.circle import circle_of_person
from appointments.queries.records import find_suspension
from appointments.schemas import SuspensionView
from appointments.services.visits import count_late_cancellation
from core import clock
from core.events import Event
from core.messages import N_
from notifications.public import notify

RECORD = "/appointments/record"
# To the patient, and to whoever acts for them.
VISIT_MISSED = (
    N_("%(when)s，%(institution)s %(department)s 的预约没有到诊，已记爽约。有误请联系医院。"),
    N_(
        "%(name)s %(when)s 在%(institution)s %(department)s 的预约没有到诊，已记爽约。"
        "有误请联系医院。"
    ),
)
SUSPENDED = (
    N_("因爽约，在%(institution)s的网上预约暂停到 %(until)s。计入的就诊和申诉都在这里。"),
    N_("因爽约，%(name)s在%(institution)s的网上预约暂停到 %(until)s。计入的就诊和申诉都在这里。"),
)
LIFTED = (
    N_("爽约记录已更正，在%(institution)s可以重新网上预约了。"),
    N_("%(name)s的爽约记录已更正，在%(institution)s可以重新网上预约了。"),
)
GRANTED = (
    N_("%(institution)s同意了您的申诉，可以重新网上预约了：%(decision)s"),
    N_("%(institution)s同意了%(name)s的申诉，可以重新网上预约了：%(decision)s"),
)
REFUSED = (
    N_("%(institution)s没有同意您的申诉，暂停到 %(until)s：%(decision)s"),
    N_("%(institution)s没有同意%(name)s的申诉，暂停到 %(until)s：%(decision)s"),
)


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
        _tell(session, booking.person_id, VISIT_MISSED, values)


def tell_suspended(session: Session, event: PatientSuspended) -> None:
    """A message, on the phone too: until when, why, and that one can appeal."""
    suspension = find_suspension(session, event.suspension_id)
    if suspension:
        _tell_suspended(session, suspension, SUSPENDED)


def tell_lifted(session: Session, event: SuspensionLifted) -> None:
    """A message that a correction ended the suspension."""
    suspension = find_suspension(session, event.suspension_id)
    if suspension:
        _tell_suspended(session, suspension, LIFTED)


def tell_appeal_decided(session: Session, event: AppealDecided) -> None:
    """A message with the institution's answer."""
    suspension = find_suspension(session, event.suspension_id)
    if suspension is None:
        return
    _tell_suspended(session, suspension, GRANTED if suspension.lifted_at else REFUSED)


def _tell_suspended(
    session: Session, suspension: SuspensionView, sentences: tuple[str, str]
) -> None:
    values = {
        "institution": suspension.institution_name,
        "until": f"{clock.local(suspension.until):%Y-%m-%d}",
        "decision": suspension.decision,
    }
    _tell(session, suspension.person_id, sentences, values, sms=True)


def _tell(
    session: Session,
    person_id: UUID,
    sentences: tuple[str, str],
    values: Mapping[str, str],
    *,
    sms: bool = False,
) -> None:
    """The patient, and whoever may act for them, who can see the record and appeal."""
    circle = circle_of_person(session, person_id)
    own, for_other = sentences
    if circle.own:
        notify(session, person_id, own, values, RECORD, sms=sms)
    for other in circle.others:
        notify(session, other, for_other, {**values, "name": circle.name}, RECORD, sms=sms)


SUBSCRIBERS: tuple[tuple[type[Event], Callable[..., None]], ...] = (
    (BookingCancelled, count_cancelled),
    (VisitMissed, tell_missed),
    (PatientSuspended, tell_suspended),
    (SuspensionLifted, tell_lifted),
    (AppealDecided, tell_appeal_decided),
)
