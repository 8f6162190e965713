"""The desk finds who stands there or calls, and gives a place."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking, Rule, Slot, Ticket
from appointments.schemas import Pool, Source
from core import clock
from core.access import Role
from core.models import AuditEvent
from directory.models import Institution
from residents.models import Person
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.residents import make_person, number_of

Browser = Callable[[UUID], FlaskClient]
DAY = date(2027, 3, 17)
DAYS = timedelta(days=2)
DESK = "/appointments/desk"


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    """Before the day's slots."""
    with clock.shifted(clock.at(DAY, 7) - clock.now()):
        yield


@pytest.fixture
def slot(session: Session) -> Slot:
    """With a place of each of the desk's pools."""
    slot = make_slots(session, make_clinic(session), day=DAY)[0]
    slot.remaining, slot.onsite, slot.elderly = 1, 1, 1
    session.commit()
    return slot


@pytest.fixture
def patient(session: Session) -> Person:
    """Somebody without an account."""
    person = make_person(session, name="覃秀英", birth_date=date(1950, 1, 2))
    make_person(session, name="覃秀英", birth_date=date(1951, 1, 2))
    session.commit()
    return person


@pytest.fixture
def desk(session: Session, slot: Slot, signed_in: Browser) -> FlaskClient:
    """The registrar of the institution."""
    account = make_account(session, roles={Role.REGISTRAR: [str(slot.institution_id)]})
    session.commit()
    return signed_in(account.id)


def at(slot: Slot, person: Person) -> str:
    return f"{DESK}/{slot.institution_id}/patients/{person.id}"


def test_a_walk_in_gets_a_place_of_the_day(
    session: Session, desk: FlaskClient, slot: Slot, patient: Person
) -> None:
    asked = {"name": "覃秀英", "tail": number_of(patient)[-4:].lower()}
    found = desk.post(f"{DESK}/{slot.institution_id}/find", data=asked)
    assert at(slot, patient) in found.text
    assert found.text.count("/patients/") == 1
    assert number_of(patient) not in found.text
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "appointments:find-patient")
    )
    assert patient.id in {event.person_id for event in events}
    choices = desk.get(at(slot, patient))
    assert "只给号" in choices.text
    body = {"slot_id": str(slot.id), "pool": "onsite", "_once": "a"}
    given = desk.post(at(slot, patient), data=body)
    booking = session.scalars(select(Booking)).one()
    assert (booking.pool, booking.source) == (Pool.ONSITE, Source.DESK)
    assert given.location == f"{DESK}/slips/{booking.id}"
    slip = desk.get(given.location).text
    assert "覃秀英" in slip
    assert "本时段第 1 号" in slip
    assert "data-print" in slip
    assert desk.get(f"/appointments/bookings/{booking.id}/code.svg").status_code == 200
    again = desk.post(at(slot, patient), data=body | {"_once": "b"})
    assert again.status_code == 409
    assert "已有预约" in again.text


def test_a_caller_gets_a_place_kept_for_the_elderly_of_a_later_day(
    session: Session, desk: FlaskClient, slot: Slot, patient: Person
) -> None:
    clinic_slot = session.get_one(Slot, slot.id)
    later = DAY + timedelta(days=2)
    clinic_slot.date = DAY
    pages = desk.get(f"{at(slot, patient)}?pool=elderly&date={later}").text
    assert "这一天没有老年电话号了" in pages
    today = desk.get(f"{at(slot, patient)}?pool=elderly&date={DAY}").text
    assert "只给号" in today
    body = {"slot_id": str(slot.id), "pool": "elderly", "_once": "a"}
    desk.post(f"{at(slot, patient)}?pool=elderly&date={DAY}", data=body)
    booking = session.scalars(select(Booking)).one()
    assert (booking.pool, booking.source) == (Pool.ELDERLY, Source.PHONE)


def test_who_stands_here_gets_a_place_and_a_number_in_one_step(
    session: Session, desk: FlaskClient, slot: Slot, patient: Person
) -> None:
    page = desk.get(at(slot, patient)).text
    assert f"{at(slot, patient)}/arrived" in page
    body = {"slot_id": str(slot.id), "pool": "onsite", "_once": "a"}
    received = desk.post(f"{at(slot, patient)}/arrived", data=body)
    ticket = session.scalars(select(Ticket)).one()
    booking = session.scalars(select(Booking)).one()
    assert ticket.booking_id == booking.id
    assert (booking.pool, booking.source) == (Pool.ONSITE, Source.DESK)
    assert received.location == f"{DESK}/slips/{booking.id}"
    slip = desk.get(received.location).text
    assert "已报到，请在候诊区等叫号" in slip
    assert f"<strong>{ticket.label}</strong>" in slip
    # Pressed again on a page that was loaded anew: the same place and number.
    again = desk.post(f"{at(slot, patient)}/arrived", data=body | {"_once": "b"})
    assert again.location == received.location
    assert session.scalars(select(Ticket.label)).all() == [ticket.label]


def test_who_has_another_place_today_is_told_so(
    session: Session, desk: FlaskClient, slot: Slot, patient: Person
) -> None:
    make_booking(session, slot, patient.id)
    session.commit()
    body = {"slot_id": str(slot.id), "pool": "onsite", "_once": "a"}
    refused = desk.post(f"{at(slot, patient)}/arrived", data=body)
    assert refused.status_code == 409
    assert "已有预约" in refused.text
    assert session.scalars(select(Ticket)).all() == []


def test_the_elderlys_places_are_for_the_elderly(
    session: Session, desk: FlaskClient, slot: Slot
) -> None:
    rule = session.get_one(Rule, slot.institution_id)
    young = make_person(session, birth_date=date(1962, 3, 18))  # 65 on the day after the visit
    session.commit()
    page = desk.get(f"{at(slot, young)}?pool=elderly&date={DAY}").text
    assert "就诊人还不到 65 岁" in page
    assert "给号并报到" not in page
    body = {"slot_id": str(slot.id), "pool": "elderly", "_once": "a"}
    for address in (at(slot, young), f"{at(slot, young)}/arrived"):
        refused = desk.post(f"{address}?pool=elderly&date={DAY}", data=body)
        assert refused.status_code == 409
        assert "满 65 岁的人，就诊人 64 岁" in refused.text
    assert session.scalars(select(Booking)).all() == []
    rule.elderly_age = 64
    session.commit()
    assert "给号并报到" in desk.get(f"{at(slot, young)}?pool=elderly&date={DAY}").text
    desk.post(f"{at(slot, young)}/arrived", data=body | {"_once": "b"})
    booking = session.scalars(select(Booking)).one()
    assert booking.pool == Pool.ELDERLY
    assert session.scalars(select(Ticket.booking_id)).all() == [booking.id]


def test_only_places_of_today_are_given_with_a_number(
    session: Session, desk: FlaskClient, slot: Slot, patient: Person
) -> None:
    later = make_slots(
        session, make_clinic(session, session.get(Institution, slot.institution_id)), day=DAY + DAYS
    )[0]
    later.remaining, later.elderly = 2, 1
    session.commit()
    body = {"slot_id": str(later.id), "pool": "elderly", "_once": "a"}
    page = desk.get(f"{at(slot, patient)}?pool=elderly&date={later.date}").text
    assert "给这个号" in page
    assert "给号并报到" not in page
    refused = desk.post(f"{at(slot, patient)}/arrived?pool=elderly&date={later.date}", data=body)
    assert refused.status_code == 409
    assert "只能在当天报到" in refused.text
    assert session.scalars(select(Booking)).all() == []
    public = body | {"slot_id": str(slot.id), "pool": "public"}
    assert desk.post(f"{at(slot, patient)}/arrived", data=public).status_code == 422


def test_the_desk_gives_no_public_place(
    session: Session, desk: FlaskClient, slot: Slot, patient: Person
) -> None:
    body = {"slot_id": str(slot.id), "pool": "public", "_once": "a"}
    assert desk.post(at(slot, patient), data=body).status_code == 403
    assert session.scalars(select(Booking)).all() == []


def test_half_a_name_finds_nobody(desk: FlaskClient, slot: Slot, patient: Person) -> None:
    tail = number_of(patient)[-4:]
    for asked in ({"name": "秀英", "tail": tail}, {"name": "覃秀英", "tail": "000X"}):
        found = desk.post(f"{DESK}/{slot.institution_id}/find", data=asked)
        assert "没有找到这个人" in found.text
    bad = desk.post(f"{DESK}/{slot.institution_id}/find", data={"name": "覃秀英", "tail": "1"})
    assert bad.status_code == 422


def test_another_desk_finds_nobody_here(
    session: Session, signed_in: Browser, slot: Slot, patient: Person
) -> None:
    other = make_clinic(session).institution
    account = make_account(session, roles={Role.REGISTRAR: [str(other.id)]})
    session.commit()
    browser = signed_in(account.id)
    asked = {"name": patient.name, "tail": number_of(patient)[-4:]}
    assert browser.post(f"{DESK}/{slot.institution_id}/find", data=asked).status_code == 403
    assert browser.get(at(slot, patient)).status_code == 403
