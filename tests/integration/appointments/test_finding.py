"""From a word to a place that is free."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from appointments.models import Symptom
from appointments.queries.finding import distance_km, find
from appointments.schemas import Finding, Order
from core import clock
from directory.models import Division
from tests.factories.appointments import (
    make_booking,
    make_clinic,
    make_full,
    make_rule,
    make_slots,
)
from tests.factories.directory import (
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_institution,
    make_team,
)
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person, make_resident

Browser = Callable[[UUID], FlaskClient]


@pytest.fixture
def headache(session: Session) -> None:
    """A word that leads to the specialty of every department here, and an urgent one."""
    make_clinic(session)
    session.add(Symptom(word="头痛", specialty_code="03", diseases=3, urgent=False))
    session.add(Symptom(word="胸痛", specialty_code="03", diseases=1, urgent=True))
    session.flush()


def test_a_symptom_leads_to_departments_that_are_free_first(
    session: Session, headache: None
) -> None:
    full, free = make_clinic(session), make_clinic(session)
    for slot in make_slots(session, full, capacity=1):
        make_booking(session, slot, make_person(session).id)
    slots = make_slots(session, free, capacity=2)
    found = find(session, Finding(q="这两天头痛得厉害"))
    assert (found.words, found.urgent) == (["头痛"], False)
    assert found.offers[0].department_id == free.department.id
    assert (found.offers[0].free, found.offers[0].earliest) == (16, slots[0].starts_at)
    assert {offer.free for offer in found.offers[1:]} == {0}
    assert full.department.id in {offer.department_id for offer in found.offers}


def test_what_cannot_wait_is_said_so(session: Session, headache: None) -> None:
    assert find(session, Finding(q="胸痛")).urgent
    assert not find(session, Finding(q="100%")).offers


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Headache", ["headache"]),
        ("I have bad headaches, since Monday", ["headache"]),
        ("head", ["headache"]),
        ("ache", []),
        ("a trash can", []),
        ("发热 Rash!", ["rash"]),
        ("covid-19", ["COVID-19"]),
        ("%", []),
    ],
)
def test_english_words_are_found_where_a_word_begins(
    session: Session, typed: str, found: list[str]
) -> None:
    make_clinic(session)
    for word in ("headache", "rash", "COVID-19"):
        session.add(Symptom(word=word, specialty_code="03", diseases=3, urgent=False))
    session.flush()
    result = find(session, Finding(q=typed))
    assert result.words == found
    assert bool(result.offers) == bool(found)


def test_a_department_is_found_by_its_english_name(session: Session) -> None:
    clinic = make_clinic(session)
    clinic.department.name_en = "Paediatrics"
    session.flush()
    found = find(session, Finding(q="paediatrics"))
    assert [offer.department_id for offer in found.offers] == [clinic.department.id]


def test_a_doctor_and_a_hospital_are_found_by_name(session: Session) -> None:
    clinic = make_clinic(session)
    clinic.doctor.name = "阿依古丽·买买提江"
    session.flush()
    found = find(session, Finding(q="买买提"))
    assert [doctor.id for doctor in found.doctors] == [clinic.doctor.id]
    by_hospital = find(session, Finding(q=clinic.institution.name))
    assert clinic.department.id in {offer.department_id for offer in by_hospital.offers}


def test_the_nearest_comes_first_where_it_is_asked(session: Session, headache: None) -> None:
    far_away = make_institution(session, division_code=OTHER_TOWNSHIP)
    make_rule(session, far_away)
    near, far = make_clinic(session), make_clinic(session, far_away)
    for code, east in ((TOWNSHIP, 109.0), (OTHER_TOWNSHIP, 110.0)):
        place = update(Division).where(Division.code == code)
        session.execute(place.values(longitude=east, latitude=23.0))
    make_slots(session, far)
    make_slots(session, near, capacity=1)
    order = Order.NEAREST
    here = find(session, Finding(q="头痛", near=TOWNSHIP, order=order)).offers
    assert here[0].department_id == near.department.id
    assert (here[0].distance_km, here[1].distance_km) == (0, 102.4)
    there = find(session, Finding(q="头痛", near=OTHER_TOWNSHIP, order=order)).offers
    assert there[0].department_id == far.department.id
    unknown = find(session, Finding(q="头痛", near=OTHER_COUNTY, order=order)).offers
    assert {offer.distance_km for offer in unknown} == {None}


def test_a_degree_of_longitude_at_the_equator() -> None:
    assert distance_km((0, 0), (1, 0)) == pytest.approx(111.19, abs=0.01)


def test_the_page_sees_from_where_one_lives(session: Session, signed_in: Browser) -> None:
    clinic = make_clinic(session)
    make_slots(session, clinic)
    account, _ = make_resident(session)
    page = signed_in(account.id).get(
        f"/appointments/find?q={clinic.institution.name}&order=nearest"
    )
    assert f'value="{TOWNSHIP}" selected' in page.text
    assert "余 24 号" in page.text


def test_the_page_without_a_word_offers_some(client: FlaskClient) -> None:
    assert "可以这样找" in client.get("/appointments/find").text
    assert "没有找到" in client.get("/appointments/find?q=xyzzy").text


def test_a_doctors_page_shows_when_they_can_be_seen(session: Session, client: FlaskClient) -> None:
    clinic = make_clinic(session)
    slots = make_slots(session, clinic)
    page = client.get(f"/appointments/doctors/{clinic.doctor.id}").text
    assert clinic.doctor.name in page
    assert f"/appointments/slots/{slots[0].id}" in page
    answer = client.get(f"/api/v1/appointments/doctors/{clinic.doctor.id}/slots").json
    assert answer
    assert [item["id"] for item in answer["items"]] == [str(slot.id) for slot in slots]
    clinic.doctor.disabled_at = slots[0].opens_at
    session.flush()
    assert client.get(f"/appointments/doctors/{clinic.doctor.id}").status_code == 404


def test_a_doctors_full_session_can_be_waited_for(session: Session, client: FlaskClient) -> None:
    clinic = make_clinic(session)
    (full,) = make_full(session, clinic)
    page = f"/appointments/doctors/{clinic.doctor.id}"
    assert f"/appointments/waits/join/{full.session_id}" in client.get(page).text
    free = make_slots(session, clinic, day=full.date + timedelta(days=1))[0]
    assert f"/appointments/waits/join/{free.session_id}" not in client.get(page).text


def test_a_doctors_page_shows_contracted_residents_their_places(
    session: Session, client: FlaskClient, signed_in: Browser
) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, capacity=1, day=clock.today() + timedelta(days=4))[0]
    slot.remaining, slot.family_doctor = 0, 1
    account, person = make_resident(session)
    make_contract(session, person, make_team(session)[0])
    session.commit()
    page, place = f"/appointments/doctors/{clinic.doctor.id}", f"/appointments/slots/{slot.id}"
    assert place in signed_in(account.id).get(page).text
    assert place not in client.get(page).text


def test_the_api_finds_too(session: Session, client: FlaskClient, headache: None) -> None:
    make_slots(session, make_clinic(session))
    answer = client.get("/api/v1/appointments/finding?q=头痛").json
    assert answer
    assert answer["offers"][0]["free"] == 24
