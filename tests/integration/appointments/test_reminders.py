"""Reminders: once each, at a humane hour, of visits that still are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.jobs import remind_of_visits
from appointments.models import Reminder, Slot
from appointments.queries.due import reminders_due
from appointments.schemas import ReminderKind, State
from appointments.services.reminding import remind_of_visit
from core import clock
from notifications.models import Message
from notifications.sms import SmsGateway
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.auth import make_phone
from tests.factories.residents import make_person, make_resident

DAY = date(2027, 3, 17)
Jobs = Callable[[], int]


@contextmanager
def at(day: date, hour: int, minute: int = 0) -> Iterator[None]:
    """A wall-clock time of the region."""
    with clock.shifted(clock.at(day, hour, minute) - clock.now()):
        yield


@pytest.fixture
def slot(session: Session) -> Slot:
    """08:00 on the day."""
    return make_slots(session, make_clinic(session), day=DAY)[0]


def made(session: Session, slot: Slot, **more: object) -> UUID:
    """A booking made two days before."""
    more.setdefault("created_at", clock.at(DAY - timedelta(days=2), 12))
    person = make_person(session, name="覃秀英", phone=make_phone())
    booking = make_booking(session, slot, person.id, **more)
    session.commit()
    return booking.id


def sent(session: Session) -> set[tuple[UUID, str]]:
    return {(row.booking_id, row.kind) for row in session.scalars(select(Reminder))}


def test_the_day_before_and_two_hours_before_once_each(
    session: Session, slot: Slot, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []

    def send(gateway: SmsGateway, phone: str, text: str, link: str, message_id: UUID) -> None:
        texts.append(text)

    monkeypatch.setattr(SmsGateway, "send_message", send)
    booking_id = made(session, slot)
    eve = DAY - timedelta(days=1)
    for hour, expected in ((8, 0), (9, 1), (15, 1), (20, 1), (23, 1)):
        with at(eve, hour, 1):
            remind_of_visits()
        assert len(sent(session)) == expected, hour
    for minute, expected in ((55, 1), (61, 2), (90, 2), (121, 2)):
        with clock.shifted(clock.at(DAY, 5) + timedelta(minutes=minute) - clock.now()):
            remind_of_visits()
        assert len(sent(session)) == expected, minute
    assert sent(session) == {(booking_id, kind) for kind in ReminderKind}
    run_jobs()
    when = "2027年3月17日 周三 08:00"
    assert [text.split("，")[0] for text in sorted(texts)] == [
        f"快到就诊时间：{when}", f"明天就诊：{when}",
    ]  # fmt: skip
    assert all("请在 07:45 前报到" in text for text in texts)


def test_none_for_what_is_no_visit(session: Session, slot: Slot) -> None:
    made(session, slot, state=State.CANCELLED, cancelled_at=clock.now())
    made(session, slot, state=State.HELD, held_until=clock.at(DAY, 9))
    with at(DAY - timedelta(days=1), 10):
        remind_of_visits()
    with at(DAY, 7):
        remind_of_visits()
    assert sent(session) == set()


def test_who_booked_after_a_reminders_time_gets_none(session: Session, slot: Slot) -> None:
    late = made(session, slot, created_at=clock.at(DAY - timedelta(days=1), 15))
    last = made(session, slot, created_at=clock.at(DAY, 7))
    with at(DAY - timedelta(days=1), 19):
        remind_of_visits()
    with at(DAY, 7, 10):
        remind_of_visits()
    assert sent(session) == {(late, ReminderKind.TWO_HOURS)}
    assert last not in {booking_id for booking_id, _ in sent(session)}


def test_a_visit_past_is_not_reminded_of(session: Session, slot: Slot) -> None:
    made(session, slot)
    with at(DAY, 8, 1):
        remind_of_visits()
    assert sent(session) == set()


def test_asked_twice_it_sends_once(session: Session, slot: Slot) -> None:
    booking_id = made(session, slot)
    for _ in range(2):
        remind_of_visit(session, booking_id, ReminderKind.DAY_BEFORE)
    assert len(session.scalars(select(Message)).all()) == 1


BOTH, ONE = "就诊前一天和前两小时会提醒您。", "就诊前两小时会提醒您。"


@pytest.mark.parametrize(
    ("days", "hour", "said"),
    [(2, 12, BOTH), (1, 8, BOTH), (1, 10, ONE), (0, 5, ONE), (0, 7, "")],
)
def test_the_page_says_which_reminders_will_come(
    session: Session,
    signed_in: Callable[[UUID], FlaskClient],
    slot: Slot,
    days: int,
    hour: int,
    said: str,
) -> None:
    """Those that the job sends to who books at this moment, and no other."""
    account, person = make_resident(session)
    with at(DAY - timedelta(days=days), hour):
        booking = make_booking(session, slot, person.id, created_at=clock.now())
        session.commit()
        page = signed_in(account.id).get(f"/appointments/bookings/{booking.id}/booked").text
    assert [each for each in (BOTH, ONE) if each in page] == ([said] if said else [])
    kinds = set()
    for hours in range(days * 24 + 24):
        with at(DAY - timedelta(days=days), 0), clock.shifted(timedelta(hours=hours)):
            kinds |= {kind for _, kind in reminders_due(session)}
    assert len(kinds) == {BOTH: 2, ONE: 1, "": 0}[said]
