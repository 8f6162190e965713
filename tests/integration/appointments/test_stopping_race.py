"""A stop among many who book, or come, at that moment, on real commits: nobody keeps a place in it,
and nobody is left in its room.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from appointments.jobs import end_bookings
from appointments.models import Booking, Slot, Ticket
from appointments.schemas import CheckIn, StopSession, Transfer
from appointments.services.arriving import check_in
from appointments.services.calling import transfer
from appointments.services.stopping import stop_session
from core import clock
from core.access import Role
from core.database import transaction
from core.errors import Conflict
from tests.factories.appointments import make_booking, make_clinic, make_slots, make_ticket
from tests.factories.auth import make_account, make_token
from tests.factories.directory import make_staff
from tests.factories.residents import make_person
from tests.integration.appointments.test_race import at_once, booking, residents
from tests.integration.appointments.test_tickets import DAY, desk_of

CLIENTS = 40
STOP = StopSession(reason="停电")


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


@pytest.mark.usefixtures("app", "committed_database")
def test_who_is_sent_to_a_room_while_it_is_stopped_stays_where_they_are() -> None:
    with transaction() as session:
        clinic = make_clinic(session)
        slot = make_slots(session, clinic, day=DAY)[0]
        colleague = make_staff(session, clinic.institution, department=clinic.department)
        room = make_slots(session, clinic._replace(doctor=colleague), day=DAY)[0].session_id
        person = make_person(session)
        ticket_id = make_ticket(session, make_booking(session, slot, person.id), slot).id
        desk = desk_of(session, clinic)

    def send() -> str:
        try:
            with transaction() as session:
                return transfer(session, desk, ticket_id, Transfer(session_id=room)).state
        except Conflict as refusal:
            return refusal.code

    with ThreadPoolExecutor(1) as pool, clock.shifted(clock.at(DAY, 8) - clock.now()):
        with transaction() as session:
            stop_session(session, desk, room, STOP)
            sending = pool.submit(send)
            sleep(0.5)
        assert sending.result(10) == "other_room"


@pytest.mark.usefixtures("app", "committed_database")
def test_who_comes_late_while_the_session_is_stopped_is_not_overlooked() -> None:
    """Their slot is over, so only the ticket says that the stop meets them."""
    with transaction() as session:
        clinic = make_clinic(session)
        slot = make_slots(session, clinic, day=DAY)[0]
        booking_id = make_booking(session, slot, make_person(session).id).id
        desk = desk_of(session, clinic)
    moment = slot.ends_at + timedelta(minutes=20)
    with ThreadPoolExecutor(1) as pool, clock.shifted(moment - clock.now()):
        with transaction() as session:
            check_in(session, desk, CheckIn(booking_id=booking_id, late=True))
            with transaction() as other:
                stop_session(other, desk, slot.session_id, STOP)
            ending = pool.submit(end_bookings, str(slot.session_id))
            sleep(0.5)
            assert not ending.done()
        ending.result(10)
    with transaction() as session:
        assert session.get_one(Booking, booking_id).because == "stopped"
        assert session.scalars(select(Ticket.state)).one() == "left"
