"""The API: slots for everybody, bookings for their owner, day lists for the desk."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from appointments.models import Booking, Slot
from core import clock
from core.access import Role
from core.ids import new_id
from core.models import AuditEvent
from notifications.models import Message
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.residents import make_person, make_resident, number_of

Bearer = Callable[[UUID], dict[str, str]]
BOOKINGS = "/api/v1/appointments/bookings"


def body(slot: Slot, person_id: UUID) -> dict[str, str]:
    return {"slot_id": str(slot.id), "person_id": str(person_id)}


def test_slots_are_public(client: FlaskClient, session: Session) -> None:
    clinic = make_clinic(session)
    slots = make_slots(session, clinic, capacity=2)
    query = {"department_id": clinic.department.id, "date": slots[0].date}
    answer = client.get("/api/v1/appointments/slots", query_string=query)
    assert answer.json
    items = answer.json["items"]
    assert [item["id"] for item in items] == [str(slot.id) for slot in slots]
    assert (items[0]["remaining"], items[0]["state"]) == (2, "free")


def test_a_slot_list_needs_a_date(client: FlaskClient) -> None:
    answer = client.get(f"/api/v1/appointments/slots?department_id={new_id()}")
    assert answer.status_code == 422
    assert answer.json and answer.json["errors"][0]["field"] == "date"


def test_book_see_cancel(client: FlaskClient, session: Session, bearer: Bearer) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    account, person = make_resident(session)
    headers = bearer(account.id)
    made = client.post(BOOKINGS, json=body(slot, person.id), headers=headers)
    assert made.status_code == 201
    assert made.json and made.json["number"] == 1
    address = f"{BOOKINGS}/{made.json['id']}"
    seen = client.get(address, headers=headers).json
    assert seen == made.json
    listed = client.get(f"{BOOKINGS}?when=coming", headers=headers).json
    assert listed and [item["id"] for item in listed["items"]] == [made.json["id"]]
    ended = client.delete(address, headers=headers)
    assert ended.json and ended.json["state"] == "cancelled"
    assert client.delete(address, headers=headers).json == ended.json
    listed = client.get(f"{BOOKINGS}?when=coming", headers=headers).json
    assert listed and listed["items"] == []


def test_a_retry_gets_the_stored_answer(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    account, person = make_resident(session)
    headers = bearer(account.id) | {"Idempotency-Key": "one"}
    first = client.post(BOOKINGS, json=body(slot, person.id), headers=headers)
    again = client.post(BOOKINGS, json=body(slot, person.id), headers=headers)
    assert (again.status_code, again.json) == (201, first.json)
    other = client.post(BOOKINGS, json=body(slot, new_id()), headers=headers)
    assert (other.status_code, other.json and other.json["code"]) == (409, "idempotency_mismatch")
    assert session.scalar(select(func.count()).select_from(Booking)) == 1


def test_a_refusal_is_a_clear_problem(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    slot = make_slots(session, make_clinic(session), capacity=1)[0]
    make_booking(session, slot, make_person(session).id)
    account, person = make_resident(session)
    answer = client.post(BOOKINGS, json=body(slot, person.id), headers=bearer(account.id))
    assert answer.status_code == 409
    assert answer.json
    assert answer.json["code"] == "slot_full"
    assert answer.json["detail"] == "这个时段刚被约满，最近的空位是 08:30。"
    english = client.post(
        f"{BOOKINGS}?lang=en", json=body(slot, person.id), headers=bearer(account.id)
    )
    assert english.json
    assert english.json["detail"] == (
        "This time has just been taken. The nearest free one is 08:30."
    )


def test_strangers_are_refused_and_it_is_audited(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    _, person = make_resident(session)
    booking = make_booking(session, slot, person.id)
    stranger, _ = make_resident(session)
    headers = bearer(stranger.id)
    address = f"{BOOKINGS}/{booking.id}"
    assert client.get(address, headers=headers).status_code == 403
    assert client.delete(address, headers=headers).status_code == 403
    denied = client.post(BOOKINGS, json=body(slot, person.id), headers=headers)
    assert denied.status_code == 403
    assert client.get(BOOKINGS, headers=headers).json == {"items": [], "next_cursor": None}
    refusals = session.scalars(
        select(AuditEvent.action).where(
            AuditEvent.account_id == stranger.id, AuditEvent.outcome == "denied"
        )
    )
    assert set(refusals) == {
        "appointments:read-booking",
        "appointments:cancel-booking",
        "appointments:book",
    }


def test_an_unknown_booking_is_not_found(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    account, _ = make_resident(session)
    assert client.get(f"{BOOKINGS}/{new_id()}", headers=bearer(account.id)).status_code == 404


def test_ones_bookings_page_through(client: FlaskClient, session: Session, bearer: Bearer) -> None:
    clinic = make_clinic(session, active_limit=9)
    account, person = make_resident(session)
    made = [
        make_booking(
            session,
            make_slots(session, clinic, day=clock.today() + timedelta(days=ahead))[0],
            person.id,
        )
        for ahead in range(1, 6)
    ]
    seen: list[str] = []
    cursor = ""
    while True:
        query = {"when": "coming", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(BOOKINGS, query_string=query, headers=bearer(account.id)).json
        assert page
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == [str(booking.id) for booking in made]


def test_the_desk_sees_its_own_day(client: FlaskClient, session: Session, bearer: Bearer) -> None:
    clinic, other = make_clinic(session), make_clinic(session)
    slot = make_slots(session, clinic)[0]
    person = make_person(session, name="覃小满")
    make_booking(session, slot, person.id)
    make_booking(session, slot, make_person(session, name="黄大发").id)
    desk = make_account(session, roles={Role.REGISTRAR: [str(clinic.institution.id)]})
    query = {"institution_id": str(clinic.institution.id), "date": slot.date.isoformat()}

    def names(**more: str) -> list[str]:
        page = client.get(
            "/api/v1/appointments/day-list", query_string=query | more, headers=bearer(desk.id)
        ).json
        assert page
        return [item["person_name"] for item in page["items"]]

    assert names() == ["覃小满", "黄大发"]
    assert names(search="大发") == ["黄大发"]
    assert names(search=number_of(person)[-4:]) == ["覃小满"]
    assert names(search="2") == ["黄大发"]
    assert names(department_id=str(other.department.id)) == []
    elsewhere = query | {"institution_id": str(other.institution.id)}
    answer = client.get(
        "/api/v1/appointments/day-list", query_string=elsewhere, headers=bearer(desk.id)
    )
    assert answer.status_code == 403


def test_the_desk_of_a_county_sees_its_hospitals(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    clinic = make_clinic(session)
    query = {"institution_id": str(clinic.institution.id), "date": clock.today().isoformat()}
    for county, status in (("990102", 200), ("990103", 403)):
        desk = make_account(session, roles={Role.REGISTRAR: [county]})
        answer = client.get(
            "/api/v1/appointments/day-list", query_string=query, headers=bearer(desk.id)
        )
        assert answer.status_code == status


def test_a_resident_has_no_day_list(client: FlaskClient, session: Session, bearer: Bearer) -> None:
    account, _ = make_resident(session)
    query = {"institution_id": str(new_id()), "date": "2026-11-24"}
    answer = client.get(
        "/api/v1/appointments/day-list", query_string=query, headers=bearer(account.id)
    )
    assert answer.status_code == 403


def test_the_patient_is_told(
    client: FlaskClient, session: Session, bearer: Bearer, run_jobs: Callable[[], int]
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    account, person = make_resident(session)
    headers = bearer(account.id)
    made = client.post(BOOKINGS, json=body(slot, person.id), headers=headers).json
    assert made
    client.delete(f"{BOOKINGS}/{made['id']}", headers=headers)
    assert run_jobs() == 2
    told = session.scalars(
        select(Message).where(Message.person_id == person.id).order_by(Message.created_at)
    ).all()
    assert len(told) == 2
    assert told[0].values["number"] == "1"
    assert {message.link for message in told} == {f"/appointments/bookings/{made['id']}"}
