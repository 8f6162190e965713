"""A stop among many who book at that moment, on real commits: nobody keeps a place in it."""

from collections.abc import Callable

from apiflask import APIFlask
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from appointments.jobs import end_bookings
from appointments.models import Booking, Slot
from core.access import Role
from core.database import transaction
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.auth import make_account, make_token
from tests.integration.appointments.test_race import at_once, booking, residents

CLIENTS = 40


def test_nobody_keeps_a_place_in_a_stopped_session(
    app: APIFlask, committed_database: Engine
) -> None:
    with transaction() as session:
        clinic = make_clinic(session)
        slots = make_slots(session, clinic, capacity=CLIENTS)
        desk = make_account(session, roles={Role.REGISTRAR: [str(clinic.institution.id)]})
        headers = {"Authorization": f"Bearer {make_token(session, desk.id)}"}
        hot, session_id = slots[0].id, slots[0].session_id
    address = f"/api/v1/appointments/sessions/{session_id}/stop"

    def stop() -> TestResponse:
        return app.test_client().post(address, json={"reason": "停电"}, headers=headers)

    calls: list[Callable[[], TestResponse]] = [booking(app, who, hot) for who in residents(CLIENTS)]
    answers = at_once([*calls[: CLIENTS // 2], stop, stop, *calls[CLIENTS // 2 :]])
    stops = [answer for answer in answers if answer.request.path == address]
    assert [answer.status_code for answer in stops] == [200, 200]
    # One of the two did it, the other found it done.
    assert sorted(answer.json["sessions"] for answer in stops if answer.json) == [0, 1]
    others = [answer for answer in answers if answer.request.path != address]
    assert {answer.status_code for answer in others} <= {201, 409}
    end_bookings(str(session_id))
    with transaction() as session:
        live = select(func.count()).where(Booking.state.in_(("held", "booked")))
        assert session.scalar(live) == 0
        slot = session.get_one(Slot, hot)
        assert (slot.taken, slot.remaining, slot.stopped) == (0, CLIENTS, True)
