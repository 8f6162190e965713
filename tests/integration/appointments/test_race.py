"""Many at once, on real commits: never oversold, limits exact, one place back for one cancelled."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from appointments.models import Booking, Slot
from core import clock
from core.database import transaction
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.auth import make_token
from tests.factories.residents import make_resident

BOOKINGS = "/api/v1/appointments/bookings"


def residents(count: int) -> list[tuple[dict[str, str], UUID]]:
    """(headers, person id) of so many residents."""
    found = []
    with transaction() as session:
        for _ in range(count):
            account, person = make_resident(session)
            headers = {"Authorization": f"Bearer {make_token(session, account.id)}"}
            found.append((headers, person.id))
    return found


def at_once(calls: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    """Make all these calls at the same moment."""
    gate = Barrier(len(calls))

    def wait_and_call(call: Callable[[], TestResponse]) -> TestResponse:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def booking(
    app: APIFlask, who: tuple[dict[str, str], UUID], slot_id: UUID
) -> Callable[[], TestResponse]:
    headers, person_id = who
    body = {"slot_id": str(slot_id), "person_id": str(person_id)}
    return lambda: app.test_client().post(BOOKINGS, json=body, headers=headers)


@pytest.mark.parametrize(("clients", "places"), [(200, 40), (500, 100)])
def test_more_clients_than_places(
    app: APIFlask, committed_database: Engine, clients: int, places: int
) -> None:
    with transaction() as session:
        slots = make_slots(session, make_clinic(session), capacity=places)
    answers = at_once([booking(app, who, slots[0].id) for who in residents(clients)])
    assert Counter(answer.status_code for answer in answers) == {
        201: places,
        409: clients - places,
    }
    refused = [answer.json for answer in answers if answer.status_code == 409]
    assert {problem["code"] for problem in refused if problem} == {"slot_full"}
    assert all("08:30" in problem["detail"] for problem in refused if problem)
    numbers = sorted(a.json["number"] for a in answers if a.status_code == 201 and a.json)
    assert numbers == list(range(1, places + 1))
    with transaction() as session:
        assert session.get_one(Slot, slots[0].id).remaining == 0
        assert session.scalar(select(func.count()).select_from(Booking)) == places


def test_one_patient_from_many_places_keeps_the_limit(
    app: APIFlask, committed_database: Engine
) -> None:
    with transaction() as session:
        clinic = make_clinic(session, active_limit=4)
        days = [clock.today() + timedelta(days=ahead) for ahead in range(1, 8)]
        firsts = [make_slots(session, clinic, day=day)[0].id for day in days]
    (who,) = residents(1)
    answers = at_once([booking(app, who, slot_id) for slot_id in firsts * 2])
    assert Counter(answer.status_code for answer in answers)[201] == 4
    assert {answer.status_code for answer in answers} == {201, 409}


def test_the_same_key_at_once_books_once(app: APIFlask, committed_database: Engine) -> None:
    with transaction() as session:
        slot = make_slots(session, make_clinic(session))[0]
    ((headers, person_id),) = residents(1)
    answers = at_once([booking(app, (headers | {"Idempotency-Key": "k"}, person_id), slot.id)] * 8)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers if answer.json}) == 1


def test_cancelling_from_many_places_returns_one_place(
    app: APIFlask, committed_database: Engine
) -> None:
    with transaction() as session:
        slot = make_slots(session, make_clinic(session), capacity=5)[0]
    (who,) = residents(1)
    made = booking(app, who, slot.id)().json
    assert made
    address = f"{BOOKINGS}/{made['id']}"
    answers = at_once([lambda: app.test_client().delete(address, headers=who[0])] * 8)
    assert {answer.status_code for answer in answers} == {200}
    with transaction() as session:
        assert session.get_one(Slot, slot.id).remaining == 5
