"""The day over the API: the same services, with bearer tokens."""

from collections.abc import Callable, Iterator
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments.checkin_codes import make_code
from appointments.models import Slot
from core import clock
from core.access import Role
from tests.factories.appointments import Clinic, make_booking, make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.residents import make_person, make_resident

API = "/api/v1/appointments"
DAY = date(2027, 3, 17)
Bearer = Callable[[UUID], dict[str, str]]


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    """The clock at the start of the day's first slot."""
    with clock.shifted(clock.at(DAY, 8) - clock.now()):
        yield


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session)


@pytest.fixture
def slot(session: Session, clinic: Clinic) -> Slot:
    return make_slots(session, clinic, day=DAY, capacity=9)[0]


@pytest.fixture
def desk(session: Session, clinic: Clinic, bearer: Bearer) -> dict[str, str]:
    account = make_account(session, roles={Role.REGISTRAR: [str(clinic.institution.id)]})
    return bearer(account.id)


def test_a_day_at_the_desk(
    session: Session,
    clinic: Clinic,
    slot: Slot,
    client: FlaskClient,
    desk: dict[str, str],
    bearer: Bearer,
) -> None:
    def post(path: str, **body: object) -> dict[str, object]:
        answer = client.post(f"{API}/{path}", json=body, headers=desk)
        assert answer.status_code in (200, 201), answer.json
        made: dict[str, object] = answer.json or {}
        return made

    account, person = make_resident(session)
    booking = make_booking(session, slot, person.id)
    mine = f"{API}/bookings/{booking.id}/ticket"
    patient = bearer(account.id)
    assert client.get(mine, headers=patient).status_code == 404
    ticket = post("check-ins", code=make_code(booking.id))
    assert client.get(mine, headers=patient).json == ticket
    slot.remaining, slot.onsite = 7, 1
    session.flush()
    walked_in = post("walk-ins", slot_id=str(slot.id), person_id=str(make_person(session).id))
    assert (walked_in["label"], walked_in["ahead"]) == ("002", 1)
    triage = post(f"tickets/{walked_in['id']}/triage", level=1, complaint="昏迷")
    assert triage["redirected"] is False
    room = f"queues/{slot.session_id}"
    called = post(f"{room}/next")["called"]
    assert isinstance(called, dict)
    assert called["id"] == walked_in["id"]
    assert post(f"tickets/{walked_in['id']}/recall")["calls"] == 2
    assert post(f"tickets/{walked_in['id']}/skip")["state"] == "skipped"
    assert post(f"tickets/{ticket['id']}/left")["state"] == "left"
    assert post(f"{room}/next")["waiting"] == []
    assert post(f"tickets/{walked_in['id']}/done")["state"] == "done"
    assert post(f"{room}/pause", reason="ward")["pause"] == "ward"
    assert post(f"{room}/resume")["pause"] is None
    queue = client.get(f"{API}/{room}", headers=desk).json
    assert queue
    assert (queue["called"], queue["done"]) == (None, 1)
    choice = {"institution_id": str(clinic.institution.id)}
    rooms = client.get(f"{API}/queues", query_string=choice, headers=desk).json
    assert rooms
    assert [row["done"] for row in rooms["items"]] == [1]
    screen = post("screens", name="二楼", **choice)
    assert client.get(str(screen["address"])).status_code == 200
    listed = client.get(f"{API}/screens", query_string=choice, headers=desk).json
    assert listed
    assert "address" not in listed["items"][0]
    assert post(f"screens/{screen['id']}/end")["ended_at"]
    assert client.get(str(screen["address"])).status_code == 404


def test_a_resident_runs_no_queue(
    session: Session, slot: Slot, client: FlaskClient, bearer: Bearer
) -> None:
    account, person = make_resident(session)
    booking = make_booking(session, slot, person.id)
    headers = bearer(account.id)
    for path, body in (
        ("check-ins", {"booking_id": str(booking.id)}),
        (f"queues/{slot.session_id}/next", {}),
    ):
        answer = client.post(f"{API}/{path}", json=body, headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize("body", [{}, {"code": "x", "booking_id": str(UUID(int=1))}, {"code": "x"}])
def test_a_check_in_names_one_booking(
    client: FlaskClient, desk: dict[str, str], body: dict[str, str]
) -> None:
    assert client.post(f"{API}/check-ins", json=body, headers=desk).status_code == 422


@pytest.mark.parametrize("path", ["walk-ins", "bookings", "holds"])
def test_places_of_the_elderly_are_refused_to_who_is_younger(
    session: Session, slot: Slot, client: FlaskClient, desk: dict[str, str], path: str
) -> None:
    slot.remaining, slot.elderly = 8, 1
    # 65 on the day after the visit, and on the day itself.
    younger = make_person(session, birth_date=date(1962, 3, 18))
    older = make_person(session, birth_date=date(1962, 3, 17))
    slot.closes_at = slot.ends_at  # bookable, although it has begun
    session.flush()
    body = {"slot_id": str(slot.id), "pool": "elderly"}
    address = f"{API}/{path}"
    refused = client.post(address, json=body | {"person_id": str(younger.id)}, headers=desk)
    assert refused.status_code == 409
    assert (refused.json or {})["code"] == "elderly_only"
    assert slot.elderly == 1
    given = client.post(address, json=body | {"person_id": str(older.id)}, headers=desk)
    assert given.status_code == 201, given.json


def test_a_walk_in_sent_twice_has_one_place_and_one_number(
    session: Session, slot: Slot, client: FlaskClient, desk: dict[str, str]
) -> None:
    slot.remaining, slot.onsite = 7, 2
    person = make_person(session)
    session.flush()
    body = {"slot_id": str(slot.id), "person_id": str(person.id)}
    first, again = (client.post(f"{API}/walk-ins", json=body, headers=desk).json for _ in range(2))
    assert first == again
    session.refresh(slot)
    assert slot.onsite == 1
