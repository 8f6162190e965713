"""Many consoles and desks at once, on real commits."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine, event, func, select

from appointments.models import Slot, Ticket
from appointments.queries.tickets import ticket_now
from appointments.schemas import CallNext, CheckIn, RoomQueue, TicketView, Transfer
from appointments.services.arriving import check_in
from appointments.services.calling import call_next, finish, leave, recall, skip, transfer
from core import clock
from core.access import Actor, Role
from core.database import reading, transaction
from core.errors import Conflict, PortalError
from tests.factories.appointments import (
    Clinic,
    make_booking,
    make_clinic,
    make_slots,
    make_ticket,
)
from tests.factories.auth import make_account
from tests.factories.residents import make_person

DAY = date(2027, 3, 17)
CONSOLES = 16


@pytest.fixture(autouse=True)
def morning(app: APIFlask, committed_database: Engine) -> object:
    """The clock at the start of the day's first slot."""
    with clock.shifted(clock.at(DAY, 8) - clock.now()):
        yield


def at_once(calls: list[Callable[[], object]]) -> list[object]:
    """What each call answered, or the code with which it was refused."""
    gate = Barrier(len(calls))

    def wait_and_call(call: Callable[[], object]) -> object:
        gate.wait()
        try:
            return call()
        except PortalError as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def room_with(patients: int) -> tuple[Actor, Clinic, Slot, list[UUID]]:
    with transaction() as session:
        clinic = make_clinic(session)
        slot = make_slots(session, clinic, day=DAY, capacity=patients + 1)[0]
        tickets = [
            make_ticket(session, make_booking(session, slot, make_person(session).id), slot).id
            for _ in range(patients)
        ]
        unit = frozenset({str(clinic.institution.id)})
        account = make_account(session)
    return Actor(account.id, grants={Role.REGISTRAR: unit}), clinic, slot, tickets


def test_sixteen_consoles_call_one_patient() -> None:
    desk, _, slot, tickets = room_with(CONSOLES)

    def call() -> object:
        with transaction() as session:
            view = call_next(session, desk, slot.session_id, CallNext())
        assert view.called
        return view.called.id

    assert Counter(at_once([call] * CONSOLES)) == {tickets[0]: 1, "room_busy": CONSOLES - 1}


def test_sixteen_consoles_that_finish_the_same_patient_call_one_more() -> None:
    desk, _, slot, tickets = room_with(CONSOLES)
    with transaction() as session:
        call_next(session, desk, slot.session_id, CallNext())

    def call() -> object:
        with transaction() as session:
            view = call_next(session, desk, slot.session_id, CallNext(finish=tickets[0]))
        return view.called.id if view.called else None

    assert Counter(at_once([call] * CONSOLES)) == {tickets[1]: 1, "room_busy": CONSOLES - 1}


def test_nobody_is_called_twice_into_two_rooms() -> None:
    """While patients are sent to and fro between two rooms, both call; each patient is called into
    one room at most at a time, and every room holds one at most.
    """
    desk, clinic, slot, tickets = room_with(8)
    with transaction() as session:
        beside = make_clinic(session, clinic.institution)
        there = Clinic(clinic.institution, clinic.department, beside.doctor)
        other = make_slots(session, there, day=DAY)[0]
    rooms = [slot.session_id, other.session_id]
    steps = (recall, skip, finish, leave)

    def turn(number: int) -> Callable[[], object]:
        def work() -> object:
            room, ticket = rooms[number % 2], tickets[number % len(tickets)]
            with transaction() as session:
                transfer(session, desk, ticket, Transfer(session_id=room))
            with transaction() as session:
                call_next(session, desk, room, CallNext())
            with transaction() as session:
                return steps[number % 4](session, desk, ticket)

        return work

    answers = at_once([turn(number) for number in range(24)])
    assert {type(answer) for answer in answers} <= {str, TicketView, RoomQueue}
    with transaction() as session:
        called = select(Ticket.session_id, func.count()).where(Ticket.state == "called")
        assert all(many == 1 for _, many in session.execute(called.group_by(Ticket.session_id)))


def test_a_call_while_a_ticket_is_read_breaks_nothing(committed_database: Engine) -> None:
    """The place is read with the ticket: a call between two statements left it without one."""
    desk, _, slot, tickets = room_with(1)
    called: list[UUID] = []

    def call(*_: object) -> None:
        if not called:
            called.append(tickets[0])
            with transaction() as other:
                call_next(other, desk, slot.session_id, CallNext())

    event.listen(committed_database, "after_cursor_execute", call)
    try:
        with reading() as session:
            before = ticket_now(session, tickets[0])
    finally:
        event.remove(committed_database, "after_cursor_execute", call)
    with reading() as session:
        after = ticket_now(session, tickets[0])
    assert (before.state, before.ahead) == ("waiting", 0)
    assert (after.state, after.ahead) == ("called", None)


def test_one_patient_scanned_at_every_desk_gets_one_ticket() -> None:
    desk, _, slot, _ = room_with(0)
    with transaction() as session:
        booking = make_booking(session, session.get_one(Slot, slot.id), make_person(session).id)

    def scan() -> object:
        with transaction() as session:
            return check_in(session, desk, CheckIn(booking_id=booking.id)).id

    assert len(set(at_once([scan] * CONSOLES))) == 1
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_patients_who_arrive_together_get_numbers_of_their_own() -> None:
    desk, _, slot, _ = room_with(0)
    with transaction() as session:
        place = session.get_one(Slot, slot.id)
        place.capacity = place.remaining = CONSOLES
        bookings = [
            make_booking(session, place, make_person(session).id).id for _ in range(CONSOLES)
        ]

    def scan(booking_id: UUID) -> Callable[[], object]:
        def work() -> object:
            with transaction() as session:
                return check_in(session, desk, CheckIn(booking_id=booking_id)).label

        return work

    labels = at_once([scan(booking_id) for booking_id in bookings])
    assert sorted(map(str, labels)) == [f"{number:03d}" for number in range(1, CONSOLES + 1)]
    with pytest.raises(Conflict), transaction() as session:
        call_next(session, desk, slot.session_id, CallNext())
        call_next(session, desk, slot.session_id, CallNext())
