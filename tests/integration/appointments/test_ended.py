"""A booking that ended says why, on its page, in the list, and in the message."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking
from appointments.schemas import Because, BookSlot, ChangeBooking, Source, State
from appointments.services.booking import book_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import change_booking
from core import clock
from core.access import Actor, Role
from notifications.models import Message
from residents.models import Person
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.residents import make_resident

Browser: TypeAlias = Callable[[UUID], FlaskClient]
Jobs: TypeAlias = Callable[[], int]
BOOKINGS = "/appointments/bookings"


def ended(session: Session, person: Person, because: Because, source: Source) -> Booking:
    slot = make_slots(session, make_clinic(session))[0]
    now = clock.now()
    booking = make_booking(
        session, slot, person.id, state=State.CANCELLED, because=because, source=source,
        cancelled_at=now,
    )  # fmt: skip
    session.commit()
    return booking


@pytest.mark.parametrize(
    ("because", "source", "word", "sentence"),
    [
        (Because.HOSPITAL, Source.OWN, "医院取消", "医院取消了这个预约，不计爽约，也不用缴挂号费"),
        (Because.HOSPITAL, Source.FAMILY_DOCTOR, "医院取消", "医院或家庭医生取消了这个预约"),
        (Because.HOSPITAL, Source.REFERRAL, "医院取消", "这次转诊没有继续"),
        (Because.STOPPED, Source.OWN, "停诊取消", "这个门诊停诊，预约已取消"),
        (Because.LATE, Source.OWN, "截止后取消", "会计入爽约记录"),
        (Because.REFUSED, Source.FAMILY_DOCTOR, "已谢绝", "您没有要家庭医生代约的号"),
        (Because.REFUSED, Source.REFERRAL, "已谢绝", "您谢绝了这次转诊"),
        (Because.CHANGED, Source.OWN, "已改时间", "已改到别的时间"),
        (Because.EXPIRED, Source.WAITLIST, "过时退回", "没有按时确认"),
        (Because.EXPIRED, Source.REFERRAL, "过时退回", "转诊没有按时定下来"),
        (Because.PATIENT, Source.OWN, "已取消", "已按您的要求取消"),
    ],
)
def test_the_page_says_why_and_the_list_in_a_word(
    session: Session,
    signed_in: Browser,
    because: Because,
    source: Source,
    word: str,
    sentence: str,
) -> None:
    account, person = make_resident(session)
    booking = ended(session, person, because, source)
    browser = signed_in(account.id)
    page = browser.get(f"{BOOKINGS}/{booking.id}").text
    assert sentence in page
    assert word in page
    # The visit is days ahead: nobody was sent on at the desk.
    assert "以新的号为准" not in page
    assert word in browser.get(f"{BOOKINGS}?when=past").text


def test_who_was_sent_on_at_the_desk_is_told_which_number_counts(
    session: Session, signed_in: Browser
) -> None:
    account, person = make_resident(session)
    slot = make_slots(session, make_clinic(session))[0]
    booking = make_booking(
        session, slot, person.id, state=State.CANCELLED, because=Because.HOSPITAL,
        cancelled_at=slot.starts_at + timedelta(minutes=5),
    )  # fmt: skip
    session.commit()
    assert "以新的号为准" in signed_in(account.id).get(f"{BOOKINGS}/{booking.id}").text


def test_a_booking_that_moved_leads_to_the_new_one(session: Session, signed_in: Browser) -> None:
    account, person = make_resident(session)
    patient = Actor(account_id=account.id, person_id=person.id, verified=True)
    first, second, *_ = make_slots(session, make_clinic(session))
    old = book_slot(session, patient, BookSlot(slot_id=first.id, person_id=person.id))
    new = change_booking(session, patient, old.id, ChangeBooking(slot_id=second.id))
    session.commit()
    page = signed_in(account.id).get(f"{BOOKINGS}/{old.id}").text
    assert "看新约的号" in page
    assert f'href="{BOOKINGS}/{new.id}"' in page


def test_a_stopped_booking_leads_to_the_choice_until_one_was_made(
    session: Session, signed_in: Browser
) -> None:
    account, person = make_resident(session)
    booking = ended(session, person, Because.STOPPED, Source.OWN)
    browser = signed_in(account.id)
    assert "改约最近的空号" in browser.get(f"{BOOKINGS}/{booking.id}").text
    other = make_slots(session, make_clinic(session))[0]
    instead = make_booking(session, other, person.id, changed_from=booking.id)
    session.commit()
    page = browser.get(f"{BOOKINGS}/{booking.id}").text
    assert "改约最近的空号" not in page
    assert f"{BOOKINGS}/{instead.id}" in page


def test_what_the_desk_cancels_is_told_as_the_hospitals(
    session: Session, signed_in: Browser, run_jobs: Jobs
) -> None:
    account, person = make_resident(session)
    slot = make_slots(session, make_clinic(session))[0]
    patient = Actor(account_id=account.id, person_id=person.id, verified=True)
    booking = book_slot(session, patient, BookSlot(slot_id=slot.id, person_id=person.id))
    desk = Actor(
        account_id=account.id,
        grants={Role.REGISTRAR: frozenset({str(slot.institution_id)})},
    )
    cancel_booking(session, desk, booking.id)
    session.commit()
    run_jobs()
    assert session.scalar(select(Message.id).where(Message.person_id == person.id))
    messages = signed_in(account.id).get("/messages/").text
    assert "医院或医生取消了您的预约" in messages
    assert "已取消预约：" not in messages
