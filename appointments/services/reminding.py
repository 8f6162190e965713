"""A reminder of a visit, once to everybody who follows it."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.models import Reminder
from appointments.queries.bookings import find_booking
from appointments.queries.circle import circle_of_booking, words_of
from appointments.schemas import ReminderKind, State
from core import clock
from core.messages import N_
from notifications.public import notify

SENTENCES = {
    ReminderKind.DAY_BEFORE: (
        N_(
            "明天就诊：%(when)s，%(institution)s %(department)s，%(place)s。"
            "请在 %(arrive)s 前报到。"
        ),
        N_("%(name)s明天就诊：%(when)s，%(institution)s %(department)s。请在 %(arrive)s 前报到。"),
    ),
    ReminderKind.TWO_HOURS: (
        N_("快到就诊时间：%(when)s，%(institution)s %(department)s，请在 %(arrive)s 前报到。"),
        N_("%(name)s快到就诊时间：%(when)s，%(institution)s，请在 %(arrive)s 前报到。"),
    ),
}


def remind_of_visit(session: Session, booking_id: UUID, kind: ReminderKind) -> None:
    """Send the reminder to the portal and by SMS, unless it was sent or there is no visit any more.

    Two who do it at the same moment wait for each other at its row; the second does nothing.
    """
    booking = find_booking(session, booking_id)
    if booking is None or booking.state is not State.BOOKED:
        return
    claim = insert(Reminder).values(booking_id=booking_id, kind=kind, sent_at=clock.now())
    if not session.scalar(claim.on_conflict_do_nothing().returning(Reminder.booking_id)):
        return
    values = words_of(booking) | {"arrive": f"{clock.local(booking.arrive_at):%H:%M}"}
    own, for_other = SENTENCES[kind]
    link = f"/appointments/bookings/{booking_id}"
    circle = circle_of_booking(session, booking)
    if circle.own:
        notify(session, booking.person_id, own, values, link, sms=True)
    for person_id in circle.others:
        notify(session, person_id, for_other, values, link, sms=True)
