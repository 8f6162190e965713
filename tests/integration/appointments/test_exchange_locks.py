"""A hospital's own kiosk, till and application take numbers of ours, each once by its own id."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from appointments.jobs import return_places
from appointments.models import Booking, HospitalCall, HospitalLock, Slot
from appointments.schemas import Because, Source, State
from auth.models import Client
from core import clock
from core.database import transaction
from core.models import AuditEvent
from notifications.models import Message
from residents.models import Person
from tests.factories.auth import make_token
from tests.factories.exchange import (
    Hospital,
    make_hospital,
    make_link,
    make_service,
    moment,
    slot,
    token_headers,
)
from tests.factories.residents import make_person, make_resident, number_of

DAY = timedelta(days=3)


@pytest.fixture
def hospital(client: FlaskClient, session: Session) -> Hospital:
    found = make_hospital(client, session)
    assert found.send(client, found.session()).status_code == 200
    return found


def wish(person: Person, start: str = "08:00", **changes: Any) -> dict[str, Any]:
    given = {
        "session_id": "S1",
        "starts_at": moment(clock.today() + DAY, start),
        "patient": {"name": person.name, "id_number": person.id_number},
        "channel": "kiosk",
    }
    return given | changes


def lock(
    client: FlaskClient, hospital: Hospital, lock_id: str, body: dict[str, Any]
) -> TestResponse:
    return client.put(f"{hospital.path}/locks/{lock_id}", json=body, headers=hospital.headers)


def then(client: FlaskClient, hospital: Hospital, lock_id: str, step: str) -> TestResponse:
    return client.post(f"{hospital.path}/locks/{lock_id}/{step}", headers=hospital.headers)


def first_slot(session: Session) -> Slot:
    query = select(Slot).order_by(Slot.starts_at).limit(1)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def test_lock_confirm_return_each_twice(
    client: FlaskClient, session: Session, hospital: Hospital, run_jobs: Callable[[], int]
) -> None:
    make_link(session, hospital.clinic, "http://127.0.0.1:9")
    person = make_person(session)
    session.commit()
    views = [lock(client, hospital, "L1", wish(person)).get_json() for _ in range(2)]
    assert views[0] == views[1]
    assert (views[0]["state"], views[0]["number"]) == ("held", 1)
    assert first_slot(session).taken == 1
    booking = session.scalars(select(Booking)).one()
    assert (booking.source, booking.account_id, booking.state) == (Source.HOSPITAL, None, "held")
    for _ in range(2):
        assert then(client, hospital, "L1", "confirm").get_json()["state"] == "booked"
    run_jobs()
    assert session.scalar(select(func.count()).select_from(Message)) == 1
    day = {"date": (clock.today() + DAY).isoformat()}
    listed = client.get(f"{hospital.path}/bookings", query_string=day, headers=hospital.headers)
    (row,) = listed.get_json()["items"]
    assert (row["lock_id"], row["session_id"], row["number"]) == ("L1", "S1", 1)
    assert row["patient"] != person.name
    assert set(row) == {
        "booking_id", "lock_id", "session_id", "starts_at", "number", "state", "pool", "patient",
    }  # fmt: skip
    for _ in range(2):
        assert then(client, hospital, "L1", "return").get_json()["state"] == "returned"
    run_jobs()
    session.refresh(booking)
    assert (booking.state, booking.because) == (State.CANCELLED, Because.HOSPITAL)
    assert (first_slot(session).taken, first_slot(session).remaining) == (0, 3)
    # What came from the hospital never goes back to it.
    assert session.scalar(select(func.count()).select_from(HospitalCall)) == 0
    assert lock(client, hospital, "L1", wish(person)).get_json()["state"] == "returned"
    audited = session.scalars(select(AuditEvent.action).where(AuditEvent.channel == "exchange"))
    assert {"appointments:lock-number", "appointments:read-exchange-day"} <= set(audited)


def test_an_id_is_for_one_number(client: FlaskClient, session: Session, hospital: Hospital) -> None:
    person = make_person(session)
    session.commit()
    assert lock(client, hospital, "L1", wish(person)).status_code == 200
    other = lock(client, hospital, "L1", wish(person, "08:30"))
    assert (other.status_code, other.get_json()["code"]) == (409, "lock_mismatch")
    assert session.scalar(select(func.count()).select_from(HospitalLock)) == 1
    again = lock(client, hospital, "L2", wish(person))
    assert again.get_json()["code"] == "already_booked"
    assert lock(client, hospital, "x" * 65, wish(person)).status_code == 422


def test_a_hold_runs_out(client: FlaskClient, session: Session, hospital: Hospital) -> None:
    person = make_person(session)
    session.commit()
    lock(client, hospital, "L1", wish(person))
    with clock.shifted(timedelta(minutes=16)):
        return_places()
        headers = token_headers(client, "his")
        late = client.post(f"{hospital.path}/locks/L1/confirm", headers=headers)
    assert (late.status_code, late.get_json()["code"]) == (409, "hold_over")
    assert first_slot(session).taken == 0


def test_a_return_that_comes_before_its_lock(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    person = make_person(session)
    session.commit()
    assert then(client, hospital, "L1", "confirm").status_code == 404
    assert then(client, hospital, "L1", "return").get_json()["state"] == "returned"
    late = lock(client, hospital, "L1", wish(person))
    assert (late.status_code, late.get_json()["code"]) == (409, "lock_returned")
    assert first_slot(session).taken == 0


def test_who_the_portal_does_not_know(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    person = make_person(session)
    session.commit()
    wrong_name = wish(person, patient={"name": "别人", "id_number": person.id_number})
    number = number_of(person)
    other = number[:-1] + ("1" if number[-1] == "0" else "0")
    unknown = wish(person, patient={"name": person.name, "id_number": other})
    answers = [lock(client, hospital, "L1", body) for body in (wrong_name, unknown)]
    details = {(a.status_code, a.get_json()["code"], a.get_json()["detail"]) for a in answers}
    assert len(details) == 1  # nobody learns which of both was wrong
    assert details.pop()[:2] == (422, "patient_unknown")
    assert lock(client, hospital, "L1", wish(person, session_id="S9")).status_code == 404
    for changes in ({"pool": "referral"}, {"channel": "fax"}, {"starts_at": "2026-11-24T08:00:00"}):
        assert lock(client, hospital, "L1", wish(person, **changes)).status_code == 422


def test_no_other_hospital_s_numbers(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    other = make_hospital(client, session, "other")
    person = make_person(session)
    session.commit()
    lock(client, hospital, "L1", wish(person))
    foreign = Hospital(hospital.clinic, "other", other.headers)
    assert lock(client, foreign, "L2", wish(person)).status_code == 403
    for step in ("confirm", "return"):
        assert then(client, foreign, "L1", step).status_code == 403
        assert then(client, other, "L1", step).status_code in (200, 404)
    assert session.scalars(select(Booking.state)).all() == [State.HELD]
    day = {"date": clock.today().isoformat()}
    listed = client.get(f"{hospital.path}/bookings", query_string=day, headers=other.headers)
    assert listed.status_code == 403


def at_once(calls: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    gate = Barrier(len(calls))

    def wait_and_call(call: Callable[[], TestResponse]) -> TestResponse:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def test_the_kiosk_and_the_portal_for_the_last_place(
    app: APIFlask, committed_database: Engine
) -> None:
    with transaction() as session:
        hospital = make_hospital(app.test_client(), session)
    one = hospital.session(slots=[slot("08:00", "08:30", 1)])
    assert hospital.send(app.test_client(), one).get_json()["created"] == 1
    calls: list[Callable[[], TestResponse]] = []
    with transaction() as session:
        slot_id = first_slot(session).id
        for number in range(8):
            body = wish(make_person(session))
            calls.append(
                lambda body=body, number=number: lock(  # type: ignore[misc]
                    app.test_client(), hospital, f"L{number}", body
                )
            )
            account, person = make_resident(session)
            headers = {"Authorization": f"Bearer {make_token(session, account.id)}"}
            book = {"slot_id": str(slot_id), "person_id": str(person.id)}
            calls.append(
                lambda headers=headers, book=book: app.test_client().post(  # type: ignore[misc]
                    "/api/v1/appointments/bookings", json=book, headers=headers
                )
            )
    answers = at_once(calls)
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[409] == 15
    assert statuses[200] + statuses[201] == 1
    with transaction() as session:
        left = first_slot(session)
        assert (left.taken, left.remaining, left.issued) == (1, 0, 1)
        assert len(session.scalars(select(HospitalLock)).all()) <= 1


def test_one_lock_sent_from_many_threads_is_one(app: APIFlask, committed_database: Engine) -> None:
    with transaction() as session:
        hospital = make_hospital(app.test_client(), session)
        person = make_person(session)
    hospital.send(app.test_client(), hospital.session())
    body = wish(person)
    answers = at_once([lambda: lock(app.test_client(), hospital, "L1", body)] * 8)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_json()["booking_id"] for answer in answers}) == 1
    with transaction() as session:
        assert first_slot(session).taken == 1


def test_import_and_booking_at_once_keep_the_sum(app: APIFlask, committed_database: Engine) -> None:
    with transaction() as session:
        hospital = make_hospital(app.test_client(), session)
    hospital.send(app.test_client(), hospital.session())
    calls: list[Callable[[], TestResponse]] = []
    with transaction() as session:
        for number in range(6):
            body = wish(make_person(session))
            calls.append(
                lambda body=body, number=number: lock(  # type: ignore[misc]
                    app.test_client(), hospital, f"L{number}", body
                )
            )
            size = hospital.session(slots=[slot("08:00", "08:30", number), slot("08:30", "09:00")])
            calls.append(
                lambda size=size: hospital.send(app.test_client(), size)  # type: ignore[misc]
            )
    answers = at_once(calls)
    assert {answer.status_code for answer in answers} <= {200, 409}
    final = hospital.session(slots=[slot("08:00", "08:30", 4), slot("08:30", "09:00")])
    assert hospital.send(app.test_client(), final).get_json()["errors"] == []
    with transaction() as session:
        left = first_slot(session)
        live = session.scalar(select(func.count()).where(Booking.state == State.HELD))
        assert left.taken == live
        assert left.capacity == max(4, left.taken)


def test_an_application_that_was_disabled(
    client: FlaskClient, session: Session, hospital: Hospital
) -> None:
    make_service(session, "gone", str(hospital.clinic.institution.id))
    session.commit()
    gone = Hospital(hospital.clinic, "gone", token_headers(client, "gone"))
    assert gone.send(client, hospital.session()).status_code == 200
    session.get_one(Client, "gone").disabled_at = clock.now()
    session.commit()
    assert gone.send(client, hospital.session()).status_code == 401
