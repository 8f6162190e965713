"""Checking in and the queue of a room: the window, the order, each step of the console."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from appointments.checkin_codes import make_code, read_code
from appointments.models import Booking, ClinicSession, Slot, Ticket
from appointments.queries.tickets import (
    find_ticket_of,
    get_queue,
    list_rooms,
    seen_on,
    ticket_now,
)
from appointments.schemas import (
    CallNext,
    CheckIn,
    HalfDay,
    PauseReason,
    PauseRoom,
    Precedence,
    Source,
    State,
    TicketState,
    Transfer,
    WalkIn,
)
from appointments.services.arriving import check_in, walk_in
from appointments.services.calling import (
    call_next,
    finish,
    leave,
    pause,
    recall,
    resume,
    skip,
    transfer,
)
from core import clock
from core.access import Actor, Role
from core.errors import Conflict, Denied, NotFound
from core.ids import new_id
from tests.factories.appointments import (
    Clinic,
    make_booking,
    make_clinic,
    make_slots,
    make_ticket,
)
from tests.factories.auth import make_account
from tests.factories.residents import make_person, make_resident

Browser = Callable[[UUID], FlaskClient]
# A day and an hour that no test runs on by itself: the first slot's start is at hand.
DAY = date(2027, 3, 17)


@pytest.fixture
def morning() -> object:
    """The clock at the start of the day's first slot."""
    with clock.shifted(clock.at(DAY, 8) - clock.now()):
        yield


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session)


@pytest.fixture
def slots(session: Session, clinic: Clinic) -> list[Slot]:
    return make_slots(session, clinic, day=DAY, capacity=9)


@pytest.fixture
def desk(session: Session, clinic: Clinic) -> Actor:
    return desk_of(session, clinic)


def desk_of(session: Session, clinic: Clinic) -> Actor:
    unit = frozenset({str(clinic.institution.id)})
    account = make_account(session)
    return Actor(account.id, grants={Role.REGISTRAR: unit}, active_role=Role.REGISTRAR)


def here(session: Session, desk: Actor, slot: Slot, **person: object) -> CheckIn:
    booking = make_booking(session, slot, make_person(session, **person).id)  # type: ignore[arg-type]
    return CheckIn(booking_id=booking.id)


def test_a_code_says_whose_booking_and_nothing_else() -> None:
    booking_id = new_id()
    code = make_code(booking_id)
    assert code.isalnum()
    assert code == code.upper()
    assert str(booking_id) not in code
    assert read_code(f" {code.lower()}\n") == booking_id
    swapped = code[:10] + ("A" if code[10] != "A" else "B") + code[11:]
    for wrong in ("", "KQ", "多少", swapped, make_code(new_id())[:-1], code + "AA"):
        assert read_code(wrong) is None


@pytest.mark.usefixtures("morning")
def test_a_patient_checks_in_by_code_and_twice_is_once(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    booking = make_booking(session, slots[0], make_person(session).id)
    ticket = check_in(session, desk, CheckIn(code=make_code(booking.id)))
    again = check_in(session, desk, CheckIn(booking_id=booking.id))
    assert (ticket.id, ticket.label, ticket.ahead) == (again.id, "001", 0)
    assert ticket.due_at == slots[0].starts_at
    other = check_in(session, desk, here(session, desk, slots[1]))
    assert (other.label, other.ahead) == ("002", 1)


@pytest.mark.parametrize(
    ("minutes", "code"), [(-61, "too_early"), (-60, None), (0, None), (29, None), (31, "too_late")]
)
def test_the_window_of_arrival_is_the_rules(
    session: Session, desk: Actor, slots: list[Slot], minutes: int, code: str | None
) -> None:
    command = here(session, desk, slots[2])
    moment = slots[2].starts_at + timedelta(minutes=minutes)
    with clock.shifted(moment - clock.now()):
        if code is None:
            assert check_in(session, desk, command).due_at == slots[2].starts_at
            return
        with pytest.raises(Conflict) as caught:
            check_in(session, desk, command)
        assert caught.value.code == code


def test_who_is_late_is_let_in_behind_those_on_time(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    late, on_time = (here(session, desk, slots[at]) for at in (0, 1))
    with clock.shifted(slots[0].starts_at + timedelta(minutes=50) - clock.now()):
        let_in = check_in(session, desk, late.model_copy(update={"late": True}))
        assert let_in.due_at > slots[1].starts_at
        check_in(session, desk, on_time)
        waiting = get_queue(session, desk, slots[0].session_id).waiting
    assert [row.label for row in waiting] == ["002", "001"]


@pytest.mark.usefixtures("morning")
def test_who_is_not_expected_is_told_why(
    session: Session, desk: Actor, clinic: Clinic, slots: list[Slot]
) -> None:
    tomorrow = make_slots(session, clinic, day=DAY + timedelta(days=1))[0]
    ended = make_booking(
        session, slots[0], make_person(session).id, state=State.CANCELLED, cancelled_at=clock.now()
    )
    wrong = {
        "not_today": here(session, desk, tomorrow),
        "not_booked": CheckIn(booking_id=ended.id),
        "no_booking": CheckIn(booking_id=new_id()),
    }
    for code, command in wrong.items():
        with pytest.raises((Conflict, NotFound)) as caught:
            check_in(session, desk, command)
        assert caught.value.code == code
    session.get_one(ClinicSession, slots[0].session_id).stopped_at = clock.now()
    session.flush()
    with pytest.raises(Conflict) as stopped:
        check_in(session, desk, here(session, desk, slots[0]))
    assert stopped.value.code == "stopped"


@pytest.mark.usefixtures("morning")
def test_the_desk_of_another_hospital_may_do_nothing(session: Session, slots: list[Slot]) -> None:
    stranger = desk_of(session, make_clinic(session))
    person = make_person(session)
    booking = make_booking(session, slots[0], person.id)
    ticket = make_ticket(session, booking, slots[0])
    account, _ = make_resident(session)
    neighbour = Actor(account.id, person_id=new_id(), verified=True)
    room = slots[0].session_id
    for actor in (stranger, neighbour):
        for refused in (
            lambda actor=actor: check_in(session, actor, CheckIn(booking_id=booking.id)),
            lambda actor=actor: get_queue(session, actor, room),
            lambda actor=actor: call_next(session, actor, room, CallNext()),
            lambda actor=actor: leave(session, actor, ticket.id),
            lambda actor=actor: pause(session, actor, room, PauseRoom()),
            lambda actor=actor: find_ticket_of(session, actor, booking.id),
        ):
            with pytest.raises(Denied):
                refused()
    patient = Actor(account.id, person_id=person.id)
    assert find_ticket_of(session, patient, booking.id)


@pytest.mark.usefixtures("morning")
def test_somebody_without_a_booking_gets_a_place_and_a_ticket(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    slots[1].remaining, slots[1].onsite = 8, 1
    session.flush()
    person = make_person(session)
    ticket = walk_in(session, desk, WalkIn(slot_id=slots[1].id, person_id=person.id))
    assert ticket.due_at == slots[1].starts_at
    assert session.get_one(Booking, ticket.booking_id).source == Source.DESK


@pytest.mark.usefixtures("morning")
def test_priorities_come_from_what_is_known_of_the_patient(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    people: dict[Precedence, dict[str, object]] = {
        Precedence.AGED: {"birth_date": date(1947, 3, 17)},
        Precedence.DISABLED: {"groups": ("08", "10")},
        Precedence.ORDINARY: {"birth_date": date(1947, 3, 18)},
    }
    for priority, more in people.items():
        assert check_in(session, desk, here(session, desk, slots[0], **more)).priority is priority
    referred = make_booking(session, slots[0], make_person(session).id, source=Source.REFERRAL)
    ticket = check_in(session, desk, CheckIn(booking_id=referred.id))
    assert ticket.priority is Precedence.REFERRED
    labels = [row.label for row in get_queue(session, desk, slots[0].session_id).waiting]
    assert labels == ["001", "002", "004", "003"]


# Minutes around the slot at which somebody is due and came, and their priority.
ARRIVALS = st.lists(
    st.tuples(st.sampled_from(Precedence), st.integers(0, 5), st.integers(0, 5)),
    min_size=1, max_size=7,
)  # fmt: skip


@settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(arrivals=ARRIVALS)
@pytest.mark.usefixtures("morning")
def test_they_are_called_by_priority_then_due_then_arrival(
    session: Session,
    clinic: Clinic,
    desk: Actor,
    arrivals: list[tuple[Precedence, int, int]],
) -> None:
    with session.begin_nested() as undone:
        slot = make_slots(session, make_clinic(session, clinic.institution), day=DAY, capacity=9)[0]
        expected = []
        for priority, due, arrived in arrivals:
            booking = make_booking(session, slot, make_person(session).id)
            ticket = make_ticket(
                session,
                booking,
                slot,
                priority=priority,
                due_at=clock.at(DAY, 8, due),
                arrived_at=clock.at(DAY, 7, arrived),
            )
            expected.append((priority, due, arrived, ticket.id))
        called: list[object] = []
        while (view := call_next(
            session, desk, slot.session_id, CallNext(finish=called[-1] if called else None)
        )).called:  # fmt: skip
            called.append(view.called.id)
        undone.rollback()
    assert called == [ticket_id for *_, ticket_id in sorted(expected)]


@pytest.mark.usefixtures("morning")
def test_a_visit_from_call_to_end(session: Session, desk: Actor, slots: list[Slot]) -> None:
    room = slots[0].session_id
    first, second = (check_in(session, desk, here(session, desk, slots[0])) for _ in range(2))
    view = call_next(session, desk, room, CallNext())
    assert view.called
    assert (view.called.id, [row.id for row in view.waiting]) == (first.id, [second.id])
    with pytest.raises(Conflict) as caught:
        call_next(session, desk, room, CallNext())
    assert caught.value.code == "room_busy"
    assert caught.value.message.values == {"label": "001"}
    view = call_next(session, desk, room, CallNext(finish=first.id))
    assert view.called
    assert (view.called.id, view.done) == (second.id, 1)
    assert session.get_one(Booking, first.booking_id).state == State.ATTENDED
    with pytest.raises(Conflict) as busy:  # the same press again, from a console that is behind
        call_next(session, desk, room, CallNext(finish=first.id))
    assert busy.value.code == "room_busy"
    for _ in range(2):
        assert finish(session, desk, second.id).state is TicketState.DONE
    assert call_next(session, desk, room, CallNext()).called is None
    rooms = list_rooms(session, desk, slots[0].institution_id)
    assert [(row.waiting, row.done, row.called) for row in rooms] == [(0, 2, None)]


@pytest.mark.usefixtures("morning")
def test_who_does_not_come_is_called_again_and_then_passed_over(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    room = slots[0].session_id
    absent, *others = (check_in(session, desk, here(session, desk, slots[0])) for _ in range(5))
    call_next(session, desk, room, CallNext())
    for calls in (2, 3, 4):
        assert recall(session, desk, absent.id).calls == calls
    with pytest.raises(Conflict) as caught:
        recall(session, desk, absent.id)
    assert caught.value.code == "called_enough"
    assert skip(session, desk, absent.id).ahead == 4
    called, before = [], None
    for _ in range(5):
        view = call_next(session, desk, room, CallNext(finish=before))
        assert view.called
        before = view.called.id
        called.append(before)
    # Behind three others, as the rule says.
    assert called == [*(other.id for other in others[:3]), absent.id, others[3].id]


@pytest.mark.usefixtures("morning")
def test_who_is_passed_over_alone_is_called_again(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    ticket = check_in(session, desk, here(session, desk, slots[0]))
    call_next(session, desk, slots[0].session_id, CallNext())
    skip(session, desk, ticket.id)
    view = call_next(session, desk, slots[0].session_id, CallNext())
    assert view.called
    assert (view.called.id, view.called.calls) == (ticket.id, 1)


@pytest.mark.usefixtures("morning")
def test_who_left_may_come_back(session: Session, desk: Actor, slots: list[Slot]) -> None:
    command = here(session, desk, slots[0])
    ticket = check_in(session, desk, command)
    for _ in range(2):
        assert leave(session, desk, ticket.id).state is TicketState.LEFT
    with pytest.raises(Conflict) as caught:
        finish(session, desk, ticket.id)
    assert caught.value.code == "ticket_left"
    assert check_in(session, desk, command).state is TicketState.WAITING


@pytest.mark.usefixtures("morning")
def test_a_patient_goes_on_to_another_room_of_the_department(
    session: Session, desk: Actor, clinic: Clinic, slots: list[Slot]
) -> None:
    beside = make_clinic(session, clinic.institution)
    beside = Clinic(clinic.institution, clinic.department, beside.doctor)
    there = make_slots(session, beside, day=DAY)[0].session_id
    ticket = check_in(session, desk, here(session, desk, slots[0]))
    call_next(session, desk, slots[0].session_id, CallNext())
    for _ in range(2):
        moved = transfer(session, desk, ticket.id, Transfer(session_id=there))
        assert (moved.session_id, moved.state) == (there, TicketState.WAITING)
    assert get_queue(session, desk, slots[0].session_id).waiting == []
    other = make_slots(session, make_clinic(session, clinic.institution), day=DAY)[0].session_id
    with pytest.raises(Conflict) as caught:
        transfer(session, desk, ticket.id, Transfer(session_id=other))
    assert caught.value.code == "other_room"
    # The booking is the first room's, wherever its patient went.
    assert seen_on(session, slots[0].session_id) == frozenset({ticket.booking_id})
    assert seen_on(session, there) is None


@pytest.mark.usefixtures("morning")
def test_nobody_is_called_while_the_room_pauses(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    room = slots[0].session_id
    ticket = check_in(session, desk, here(session, desk, slots[0]))
    assert ticket.wait_until is not None
    paused = pause(session, desk, room, PauseRoom(reason=PauseReason.EMERGENCY))
    assert paused.pause is PauseReason.EMERGENCY
    with pytest.raises(Conflict) as caught:
        call_next(session, desk, room, CallNext())
    assert caught.value.code == "paused"
    waiting = find_ticket_of(session, desk, ticket.booking_id)
    assert waiting
    assert (waiting.pause, waiting.wait_until) == (PauseReason.EMERGENCY, None)
    assert resume(session, desk, room).pause is None
    assert call_next(session, desk, room, CallNext()).called


def test_the_wait_begins_when_the_room_does(
    session: Session, clinic: Clinic, desk: Actor, signed_in: Browser
) -> None:
    afternoon = make_slots(session, clinic, day=DAY, half_day=HalfDay.AFTERNOON, capacity=3)
    account, person = make_resident(session)
    mine = make_booking(session, afternoon[0], person.id)
    session.commit()
    begins = afternoon[0].starts_at
    address = f"/appointments/bookings/{mine.id}/queue/live"
    with clock.shifted(begins - timedelta(minutes=57) - clock.now()):
        first = check_in(session, desk, CheckIn(booking_id=mine.id))
        assert (first.ahead, first.wait_from, first.wait_until) == (0, 55, 60)
        assert first.begins_at == begins
        second = check_in(session, desk, here(session, desk, afternoon[0]))
        # Ten minutes a patient, give or take half.
        assert (second.ahead, second.wait_from, second.wait_until) == (1, 60, 75)
        session.commit()
        page = signed_in(account.id).get(address).text
        assert "14:30 开诊" in page
        assert "下一个就是您" not in page
    with clock.shifted(begins - clock.now()):
        on_time = ticket_now(session, second.id)
        assert (on_time.begins_at, on_time.wait_from, on_time.wait_until) == (None, 5, 15)
    with clock.shifted(begins - timedelta(minutes=20) - clock.now()):
        # A doctor who begins early has begun.
        call_next(session, desk, afternoon[0].session_id, CallNext())
        assert ticket_now(session, second.id).begins_at is None
        assert (ticket_now(session, second.id).wait_until or 60) <= 15


@pytest.mark.usefixtures("morning")
def test_the_wait_follows_the_rooms_own_pace(
    session: Session, desk: Actor, slots: list[Slot]
) -> None:
    for minutes in (10, 12, 60):
        booking = make_booking(session, slots[0], make_person(session).id)
        make_ticket(
            session, booking, slots[0], state=TicketState.DONE,
            called_at=clock.now() - timedelta(minutes=minutes), done_at=clock.now(),
        )  # fmt: skip
    tickets = [check_in(session, desk, here(session, desk, slots[0])) for _ in range(3)]
    assert get_queue(session, desk, slots[0].session_id).pace == pytest.approx(12, abs=0.01)
    assert [(one.ahead, one.wait_from, one.wait_until) for one in tickets] == [
        (0, 0, 5), (1, 5, 20), (2, 15, 35),
    ]  # fmt: skip
    assert session.get_one(Ticket, tickets[0].id).label == "004"
