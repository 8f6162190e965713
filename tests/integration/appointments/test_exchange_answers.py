"""A hospital that answers later: once, in order, signed, or it changes nothing."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from appointments.hospital.signing import headers, make_secret
from appointments.models import HospitalLink
from appointments.schemas import Because, State
from core import clock
from standins.hospital.system import Mode
from tests.factories.appointments import make_clinic
from tests.factories.exchange import API, LINK_SECRET, StandIn, make_link
from tests.integration.appointments.exchanging import (
    CONFIRM,
    LOCK,
    RETURN,
    Place,
    Run,
    his,
    later,
    place,
    running,
)

__all__ = ["his", "place", "running"]


def answer(
    client: FlaskClient, place: Place, booking_id: UUID, call: str, result: str, **more: Any
) -> TestResponse:
    body = json.dumps(
        {"booking_id": str(booking_id), "call": call, "result": result, "number": "B007"}
    ).encode()
    secret = more.get("secret", LINK_SECRET)
    given = headers(secret, str(uuid4()), more.get("at", clock.now()), body)
    path = f"{API}/{more.get('institution_id', place.clinic.institution.id)}/answers"
    return client.post(
        path, data=more.get("body", body), headers={**given, "Content-Type": "application/json"}
    )


@pytest.fixture
def accepted(place: Place, his: StandIn, run_jobs: Run) -> UUID:
    """A booking whose lock the hospital accepted, to be answered later; its own late answers go
    nowhere, these tests give their own.
    """
    his.answers(Mode.LATER)
    booking_id = place.book()
    run_jobs()
    his.answers(Mode.HONEST)
    assert place.calls() == {LOCK: ("waiting", 1), CONFIRM: ("waiting", 0)}
    return booking_id


def test_a_late_answer_counts_once(
    client: FlaskClient, place: Place, accepted: UUID, run_jobs: Run
) -> None:
    assert answer(client, place, accepted, LOCK, "done").get_json() == {"changed": True}
    assert answer(client, place, accepted, LOCK, "done").get_json() == {"changed": False}
    # A second one that says otherwise is too late.
    assert answer(client, place, accepted, LOCK, "refused").get_json() == {"changed": False}
    run_jobs()
    assert place.calls() == {LOCK: ("done", 1), CONFIRM: ("done", 1)}
    assert place.booking(accepted).state == State.BOOKED


def test_a_late_refusal_ends_the_booking(
    client: FlaskClient, place: Place, accepted: UUID, run_jobs: Run
) -> None:
    assert answer(client, place, accepted, LOCK, "refused").get_json() == {"changed": True}
    assert place.booking(accepted).because == Because.HOSPITAL
    assert answer(client, place, accepted, LOCK, "done").get_json() == {"changed": False}
    run_jobs()
    assert place.booking(accepted).state == State.CANCELLED


def test_an_answer_out_of_order(client: FlaskClient, place: Place, accepted: UUID) -> None:
    """To what was not asked yet: nothing is confirmed before it is locked."""
    assert answer(client, place, accepted, CONFIRM, "done").get_json() == {"changed": False}
    assert place.calls() == {LOCK: ("waiting", 1), CONFIRM: ("waiting", 0)}
    assert answer(client, place, accepted, RETURN, "done").status_code == 404
    assert answer(client, place, uuid4(), LOCK, "done").status_code == 404


def test_an_answer_that_came_after_three_tries(
    client: FlaskClient, place: Place, accepted: UUID, run_jobs: Run
) -> None:
    place.link.base_url = "http://127.0.0.1:9"
    place.session.commit()
    later(run_jobs, 11, 6, 1)
    assert place.calls()[LOCK] == ("exception", 3)
    assert answer(client, place, accepted, LOCK, "done").get_json() == {"changed": True}
    assert place.calls()[LOCK] == ("done", 3)


def test_what_is_forged_or_old_changes_nothing(
    client: FlaskClient, session: Session, place: Place, accepted: UUID
) -> None:
    other = make_clinic(session)
    make_link(session, other, "http://127.0.0.1:9").secret = make_secret()
    session.commit()
    now = clock.now()
    wrong: list[dict[str, Any]] = [
        {"secret": make_secret()},
        {"at": now - timedelta(minutes=6)},
        {"at": now + timedelta(minutes=6)},
        {"body": json.dumps({"booking_id": str(accepted), "call": LOCK, "result": "refused"})},
        {"institution_id": other.institution.id},
    ]
    for more in wrong:
        answered = answer(client, place, accepted, LOCK, "done", **more)
        assert (answered.status_code, answered.get_json()["code"]) == (403, "bad_signature"), more
    path = f"{API}/{place.clinic.institution.id}/answers"
    body = {"booking_id": str(accepted), "call": LOCK, "result": "done"}
    assert client.post(path, json=body).status_code == 403
    assert answer(client, place, accepted, LOCK, "done", institution_id=uuid4()).status_code == 404
    # Its own secret is none for another hospital's booking.
    session.refresh(other.institution)
    theirs = session.scalars(
        select(HospitalLink).where(HospitalLink.institution_id == other.institution.id)
    ).one()
    crossed = answer(client, place, accepted, LOCK, "done", secret=theirs.secret,
                     institution_id=other.institution.id)  # fmt: skip
    assert crossed.status_code == 404
    assert place.calls() == {LOCK: ("waiting", 1), CONFIRM: ("waiting", 0)}
