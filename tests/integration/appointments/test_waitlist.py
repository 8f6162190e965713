"""Waiting for a full session: who may, and what the pages and the API say."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, Slot
from appointments.schemas import BookSlot, JoinWait, Waiting
from appointments.services.booking import book_slot
from appointments.services.waitlist import join_wait, leave_wait
from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, NotFound
from core.ids import new_id
from residents.models import Person
from tests.factories.appointments import (
    make_booking,
    make_clinic,
    make_full,
    make_slots,
    make_suspension,
)
from tests.factories.residents import make_person, make_resident
from tests.integration.appointments.waiting import give_back, join, resident


def refused(session: Session, actor: Actor, slot: Slot) -> str:
    with pytest.raises(Conflict) as caught:
        join(session, actor, slot)
    return caught.value.code


def test_with_a_place_free_nobody_waits(session: Session) -> None:
    clinic = make_clinic(session)
    first, *_ = make_slots(session, clinic, capacity=1)
    make_booking(session, first, make_person(session).id)
    with pytest.raises(Conflict) as caught:
        join(session, resident(session), first)
    assert caught.value.code == "place_free"
    assert "08:30" in str(caught.value.message.values["free"])


def test_who_waits_already_goes_on_waiting(session: Session) -> None:
    (slot,) = make_full(session, make_clinic(session))
    actor = resident(session)
    first = join(session, actor, slot)
    assert (first.state, first.ahead) == (Waiting.WAITING, 0)
    assert join(session, actor, slot).id == first.id


def test_the_limit_of_waits_is_the_institutions(session: Session) -> None:
    clinic = make_clinic(session, waitlist_limit=1)
    day = clock.today() + timedelta(days=3)
    (one,) = make_full(session, clinic, day=day)
    (two,) = make_full(session, clinic, day=day + timedelta(days=1))
    (elsewhere,) = make_full(session, make_clinic(session))
    actor = resident(session)
    wait = join(session, actor, one)
    assert refused(session, actor, two) == "wait_limit"
    assert join(session, actor, elsewhere).state is Waiting.WAITING
    leave_wait(session, actor, wait.id)
    assert join(session, actor, two).state is Waiting.WAITING


def test_what_refuses_a_booking_refuses_waiting(session: Session) -> None:
    clinic = make_clinic(session)
    (slot,) = make_full(session, clinic)
    booked, barred = resident(session), resident(session)
    afternoon = make_slots(session, make_clinic(session, clinic.institution)._replace(
        department=clinic.department))[0]  # fmt: skip
    assert booked.person_id and barred.person_id
    book_slot(session, booked, BookSlot(slot_id=afternoon.id, person_id=booked.person_id))
    assert refused(session, booked, slot) == "already_booked"
    make_suspension(session, clinic.institution, barred.person_id)
    assert refused(session, barred, slot) == "suspended"
    with clock.shifted(slot.cancel_until - clock.now()):
        assert refused(session, resident(session), slot) == "wait_over"
    with clock.shifted(slot.opens_at - clock.now() - timedelta(hours=1)):
        assert refused(session, resident(session), slot) == "slot_not_open"
    session.get_one(ClinicSession, slot.session_id).stopped_at = clock.now()
    session.flush()
    assert refused(session, resident(session), slot) == "stopped"


def test_one_waits_for_oneself_and_a_child_only(session: Session) -> None:
    (slot,) = make_full(session, make_clinic(session))
    parent, stranger = resident(session), resident(session)
    child = make_person(session, birth_date=clock.today() - timedelta(days=2000))
    child.household_id = session.get_one(Person, parent.person_id).household_id
    session.flush()
    wait = join(session, parent, slot, child.id)
    with pytest.raises(Denied):
        join(session, stranger, slot, child.id)
    with pytest.raises(Denied):
        leave_wait(session, stranger, wait.id)
    with pytest.raises(NotFound):
        join_wait(session, parent, JoinWait(session_id=new_id(), person_id=child.id))
    assert leave_wait(session, parent, wait.id).state is Waiting.LEFT


def test_the_page_and_the_api_tell_the_same(
    session: Session,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
    signed_in: Callable[[UUID], FlaskClient],
) -> None:
    clinic = make_clinic(session)
    (slot,) = make_full(session, clinic)
    account, person = make_resident(session)
    headers, browser = bearer(account.id), signed_in(account.id)
    department = browser.get(
        f"/appointments/departments/{clinic.department.id}?date={slot.date}"
    ).text
    address = f"/appointments/waits/join/{slot.session_id}"
    assert address in department
    assert address in browser.get(f"/appointments/slots/{slot.id}").text
    assert "开始候补" in browser.get(address).text
    joined = browser.post(address, data={"person_id": str(person.id), "_once": "a"})
    assert joined.status_code == 303
    page = browser.get(joined.location).text
    assert "排在最前" in page
    assert "已在候补这个门诊" in browser.get(address).text
    waits = client.get("/api/v1/appointments/waits?when=coming", headers=headers).json
    assert waits and [each["ahead"] for each in waits["items"]] == [0]
    session.commit()
    give_back(session, slot)
    page = browser.get(joined.location).text
    assert "候补到号了" in page
    assert "data-countdown=" in page
    confirmed = browser.post(f"{joined.location}/confirm", data={"_once": "b"})
    assert confirmed.location.endswith("/booked")
    assert clinic.department.name in browser.get(confirmed.location).text
    assert "已候补到" in browser.get("/appointments/waits/?when=past").text
    one = client.get(f"/api/v1/appointments/waits/{waits['items'][0]['id']}", headers=headers)
    assert one.json and one.json["state"] == "taken"
    again = client.post(
        "/api/v1/appointments/waits",
        json={"session_id": str(slot.session_id), "person_id": str(person.id)},
        headers=headers,
    )
    assert again.json and again.json["code"] == "already_booked"


def test_a_refused_join_keeps_the_page_and_names_the_place(
    session: Session, signed_in: Callable[[UUID], FlaskClient]
) -> None:
    first, *_ = make_slots(session, make_clinic(session), capacity=1)
    account, person = make_resident(session)
    browser = signed_in(account.id)
    answer = browser.post(
        f"/appointments/waits/join/{first.session_id}",
        data={"person_id": str(person.id), "_once": "a"},
    )
    assert answer.status_code == 409
    assert "还有号，可以直接预约" in answer.text
    assert f"/appointments/slots/{first.id}" in answer.text
