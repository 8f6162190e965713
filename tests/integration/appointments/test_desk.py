"""The desk finds who stands there or calls, and gives a place."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking, Slot
from appointments.schemas import Pool, Source
from core import clock
from core.access import Role
from core.models import AuditEvent
from residents.models import Person
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.residents import make_person

Browser = Callable[[UUID], FlaskClient]
DAY = date(2027, 3, 17)
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
    asked = {"name": "覃秀英", "tail": patient.id_number[-4:].lower()}
    found = desk.post(f"{DESK}/{slot.institution_id}/find", data=asked)
    assert at(slot, patient) in found.text
    assert found.text.count("/patients/") == 1
    assert patient.id_number not in found.text
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "appointments:find-patient")
    )
    assert patient.id in {event.person_id for event in events}
    choices = desk.get(at(slot, patient))
    assert "给这个号" in choices.text
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
    assert "没有留给老年人和来电的号" in pages
    today = desk.get(f"{at(slot, patient)}?pool=elderly&date={DAY}").text
    assert "给这个号" in today
    body = {"slot_id": str(slot.id), "pool": "elderly", "_once": "a"}
    desk.post(f"{at(slot, patient)}?pool=elderly&date={DAY}", data=body)
    booking = session.scalars(select(Booking)).one()
    assert (booking.pool, booking.source) == (Pool.ELDERLY, Source.PHONE)


def test_the_desk_gives_no_public_place(
    session: Session, desk: FlaskClient, slot: Slot, patient: Person
) -> None:
    body = {"slot_id": str(slot.id), "pool": "public", "_once": "a"}
    assert desk.post(at(slot, patient), data=body).status_code == 403
    assert session.scalars(select(Booking)).all() == []


def test_half_a_name_finds_nobody(desk: FlaskClient, slot: Slot, patient: Person) -> None:
    tail = patient.id_number[-4:]
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
    asked = {"name": patient.name, "tail": patient.id_number[-4:]}
    assert browser.post(f"{DESK}/{slot.institution_id}/find", data=asked).status_code == 403
    assert browser.get(at(slot, patient)).status_code == 403
