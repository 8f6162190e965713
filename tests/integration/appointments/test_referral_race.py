"""Both sides at once, on real commits: one wins, and the place is where the winner says."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from apiflask import APIFlask
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from appointments.models import Booking, Referral, Slot
from appointments.schemas import State
from appointments.services.referral_steps import lapse
from core import clock
from core.database import transaction
from tests.factories.auth import make_token
from tests.factories.referrals import Two, make_two, refer
from tests.integration.appointments.test_race import at_once

REFERRALS = "/api/v1/appointments/referrals"


def headers(account_id: UUID) -> dict[str, str]:
    with transaction() as session:
        return {"Authorization": f"Bearer {make_token(session, account_id)}"}


def call(
    app: APIFlask, who: dict[str, str], path: str, body: dict[str, Any]
) -> Callable[[], TestResponse]:
    return lambda: app.test_client().post(f"{REFERRALS}/{path}", json=body, headers=who)


def sent_pair() -> tuple[Two, UUID]:
    with transaction() as session:
        two = make_two(session)
        return two, refer(session, two).id


def outcome(two: Two, referral_id: UUID) -> tuple[str, list[str], int]:
    """State of the referral, of the patient's live bookings, and what is taken of the slot."""
    with transaction() as session:
        referral = session.get_one(Referral, referral_id)
        live = session.scalars(
            select(Booking.state).where(
                Booking.person_id == two.person.id, Booking.state != State.CANCELLED
            )
        ).all()
        return referral.state, list(live), session.get_one(Slot, two.slots[0].id).taken


def test_accept_against_withdraw(app: APIFlask, committed_database: Engine) -> None:
    for _ in range(6):
        two, referral_id = sent_pair()
        body = {"version": 1, "note": "好的"}
        accept = call(app, headers(two.desk.account_id), f"{referral_id}/accept", body)
        withdraw = call(app, headers(two.doctor.account_id), f"{referral_id}/withdraw", body)
        answers = at_once([accept, withdraw])
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        won = answers[0].status_code == 200
        assert outcome(two, referral_id) == (
            ("accepted", ["booked"], 1) if won else ("withdrawn", [], 0)
        )


def test_the_same_step_from_many_places_is_taken_once(
    app: APIFlask, committed_database: Engine
) -> None:
    two, referral_id = sent_pair()
    desk = headers(two.desk.account_id)
    answers = at_once([call(app, desk, f"{referral_id}/accept", {"version": 1})] * 6)
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json["version"] for answer in answers if answer.json} == {2}
    assert outcome(two, referral_id) == ("accepted", ["booked"], 1)


def test_two_referrals_for_the_last_place(app: APIFlask, committed_database: Engine) -> None:
    with transaction() as session:
        pairs = [make_two(session, reserved=0) for _ in range(2)]
        first = pairs[0]
        slot = session.get_one(Slot, first.slots[0].id)
        slot.remaining, slot.referral = slot.capacity - 1, 1
    calls = []
    for two in pairs:
        body = {
            "person_id": str(two.person.id),
            "department_id": str(first.clinic.department.id),
            "urgency": "routine",
            "reason": "r",
            "summary": "s",
        }
        calls.append(call(app, headers(two.doctor.account_id), "up", body))
    answers = at_once(calls)
    assert [answer.status_code for answer in answers] == [201, 201]
    held = [answer.json["booking"] is not None for answer in answers if answer.json]
    assert sorted(held) == [False, True]
    with transaction() as session:
        assert session.get_one(Slot, first.slots[0].id).referral == 0


def test_accepting_at_the_deadline_or_lapsing_never_both(
    app: APIFlask, committed_database: Engine
) -> None:
    two, referral_id = sent_pair()
    with clock.shifted(timedelta(hours=49)):
        body = {"version": 1}
        desk = headers(two.desk.account_id)

        def calendar() -> TestResponse:
            with transaction() as session:
                lapse(session, referral_id)
            return app.test_client().get("/healthz")

        answers = at_once([call(app, desk, f"{referral_id}/accept", body), calendar])
    assert answers[0].status_code == 409
    assert outcome(two, referral_id) == ("lapsed", [], 0)
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 1
