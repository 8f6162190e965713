"""A booking's own pages: its code, its calendar file, the hold, another time."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking, Slot
from appointments.schemas import BookSlot, Source, State
from appointments.services.booking import hold_slot
from core import clock
from core.access import Actor
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.residents import make_person, make_resident

Browser = Callable[[UUID], FlaskClient]
BOOKINGS = "/appointments/bookings"


@pytest.fixture
def who(session: Session) -> tuple[UUID, UUID]:
    """(account, person) of a resident."""
    account, person = make_resident(session, name="覃秀英")
    session.commit()
    return account.id, person.id


def state(session: Session, booking_id: UUID) -> str:
    return session.get_one(Booking, booking_id, populate_existing=True).state


def test_the_code_and_the_calendar_file(
    session: Session, signed_in: Browser, who: tuple[UUID, UUID]
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    booking = make_booking(session, slot, who[1])
    other, _ = make_resident(session)
    session.commit()
    browser, stranger = signed_in(who[0]), signed_in(other.id)
    code = browser.get(f"{BOOKINGS}/{booking.id}/code.svg")
    assert code.mimetype == "image/svg+xml"
    assert code.headers["Cache-Control"] == "no-store"
    file = browser.get(f"{BOOKINGS}/{booking.id}/visit.ics")
    assert file.mimetype == "text/calendar"
    assert f"DTSTART:{slot.starts_at:%Y%m%dT%H%M%SZ}\r\n" in file.text
    assert "覃秀英 就诊" in file.text.replace("\r\n ", "")
    english = browser.get(f"{BOOKINGS}/{booking.id}/visit.ics?lang=en").text
    assert "就诊" not in english.replace("\r\n ", "")
    for what in ("code.svg", "visit.ics"):
        assert stranger.get(f"{BOOKINGS}/{booking.id}/{what}").status_code == 403
    browser.post(f"{BOOKINGS}/{booking.id}/cancel", data={"_once": "a"})
    for what in ("code.svg", "visit.ics"):
        assert browser.get(f"{BOOKINGS}/{booking.id}/{what}").status_code == 404


def test_a_hold_is_confirmed_or_given_back(
    session: Session, signed_in: Browser, who: tuple[UUID, UUID]
) -> None:
    first, second, *_ = make_slots(session, make_clinic(session))
    other = make_slots(session, make_clinic(session))[0]
    actor = Actor(account_id=who[0], person_id=who[1], verified=True)
    one, two = (
        hold_slot(session, actor, BookSlot(slot_id=slot.id, person_id=who[1])).id
        for slot in (first, other)
    )
    session.commit()
    browser = signed_in(who[0])
    assert browser.get(f"{BOOKINGS}/{one}").location == f"{BOOKINGS}/{one}/hold"
    page = browser.get(f"{BOOKINGS}/{one}/hold").text
    assert "data-countdown=" in page
    assert "保留到" in page
    answer = browser.post(f"{BOOKINGS}/{one}/confirm", data={"_once": "a"})
    assert answer.location == f"{BOOKINGS}/{one}/booked"
    assert state(session, one) == State.BOOKED
    browser.post(f"{BOOKINGS}/{two}/cancel", data={"_once": "b"})
    assert state(session, two) == State.CANCELLED
    third = make_slots(session, make_clinic(session))[0]
    three = hold_slot(session, actor, BookSlot(slot_id=third.id, person_id=who[1])).id
    session.commit()
    with clock.shifted(timedelta(minutes=16)):
        assert "为您保留的号已过时" in browser.get(f"{BOOKINGS}/{three}/hold").text
        late = browser.post(
            f"{BOOKINGS}/{three}/confirm", data={"_once": "c"}, follow_redirects=True
        )
        assert "为您保留的号已过时" in late.text
    assert state(session, three) == State.HELD
    assert second.remaining == 3


def test_another_time_in_two_steps(
    session: Session, signed_in: Browser, who: tuple[UUID, UUID]
) -> None:
    old, new, full, *_ = make_slots(session, make_clinic(session), capacity=1)
    booking = make_booking(session, old, who[1])
    make_booking(session, full, make_person(session).id)
    session.commit()
    browser = signed_in(who[0])
    address = f"{BOOKINGS}/{booking.id}/change"
    assert address in browser.get(f"{BOOKINGS}/{booking.id}").text
    choices = browser.get(f"{address}?date={old.date}").text
    assert f"{address}/{new.id}" in choices
    assert f"{address}/{full.id}" not in choices
    assert "现在的号" in choices
    both = browser.get(f"{address}/{new.id}").text
    for slot in (old, new):
        assert f"{clock.local(slot.starts_at):%H:%M}" in both
    refused = browser.post(f"{address}/{full.id}", data={"pool": "public", "_once": "a"})
    assert refused.status_code == 409
    assert "原来的号还在" in refused.text
    assert state(session, booking.id) == State.BOOKED
    for once in ("b", "c"):
        moved = browser.post(f"{address}/{new.id}", data={"pool": "public", "_once": once})
        assert moved.status_code == 302
    assert state(session, booking.id) == State.CANCELLED
    made = session.scalars(select(Booking).where(Booking.changed_from == booking.id)).one()
    assert moved.location == f"{BOOKINGS}/{made.id}/booked"
    assert session.get_one(Slot, old.id, populate_existing=True).remaining == 1


def test_after_the_deadline_there_is_no_other_time(
    session: Session, signed_in: Browser, who: tuple[UUID, UUID]
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    booking = make_booking(session, slot, who[1])
    slot.cancel_until = clock.now()
    session.commit()
    browser = signed_in(who[0])
    page = browser.get(f"{BOOKINGS}/{booking.id}").text
    assert f"{BOOKINGS}/{booking.id}/change" not in page
    assert browser.get(f"{BOOKINGS}/{booking.id}/change").location == f"{BOOKINGS}/{booking.id}"


def test_what_the_doctor_booked_is_refused_without_counting(
    session: Session, signed_in: Browser, who: tuple[UUID, UUID]
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    booking = make_booking(session, slot, who[1], source=Source.FAMILY_DOCTOR)
    slot.cancel_until = clock.now()
    session.commit()
    browser = signed_in(who[0])
    page = browser.get(f"{BOOKINGS}/{booking.id}").text
    assert "不需要，取消" in page
    assert "late=1" not in page
    assert "爽约记录" not in page
    browser.post(f"{BOOKINGS}/{booking.id}/cancel", data={"_once": "a"})
    assert session.get_one(Booking, booking.id, populate_existing=True).because == "refused"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_these_pages_in_few_statements_and_both_languages(
    session: Session,
    signed_in: Browser,
    count_statements: Callable[[], object],
    who: tuple[UUID, UUID],
    language: str,
) -> None:
    clinic = make_clinic(session)
    slots = make_slots(session, clinic)
    booking = make_booking(session, slots[0], who[1])
    held = hold_slot(
        session,
        Actor(account_id=who[0], person_id=who[1], verified=True),
        BookSlot(slot_id=make_slots(session, make_clinic(session))[0].id, person_id=who[1]),
    )
    session.commit()
    browser = signed_in(who[0])
    for address in (
        f"{BOOKINGS}/{booking.id}/change",
        f"{BOOKINGS}/{booking.id}/change/{slots[1].id}",
        f"{BOOKINGS}/{booking.id}/booked",
        f"{BOOKINGS}/{held.id}/hold",
        f"/appointments/slots/{slots[2].id}",
        "/me/family",
        "/me/family/new",
    ):
        with count_statements() as counter:  # type: ignore[attr-defined]
            answer = browser.get(f"{address}?lang={language}")
        assert answer.status_code == 200, address
        assert len(counter) <= 8, address
