"""Booking and cancelling through the service: the rules, the counts, the refusals."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from appointments.models import Booking, Slot
from appointments.schemas import BookSlot, State
from appointments.services.booking import book_slot
from appointments.services.cancelling import cancel_booking
from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, NotFound
from core.ids import new_id
from tests.factories.appointments import make_booking, make_clinic, make_slots, make_template
from tests.factories.directory import make_institution
from tests.factories.residents import make_person, make_resident


def resident(session: Session) -> Actor:
    account, person = make_resident(session)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def book(session: Session, actor: Actor, slot: Slot) -> UUID:
    assert actor.person_id
    return book_slot(session, actor, BookSlot(slot_id=slot.id, person_id=actor.person_id)).id


def refusal(session: Session, actor: Actor, slot: Slot) -> Conflict:
    with pytest.raises(Conflict) as caught:
        book(session, actor, slot)
    return caught.value


def left(session: Session, slot: Slot) -> tuple[int, int]:
    session.refresh(slot)
    return slot.remaining, slot.issued


def test_a_booking_takes_a_place_and_gets_a_number(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=2)[0]
    actor = resident(session)
    assert actor.person_id
    view = book_slot(session, actor, BookSlot(slot_id=slot.id, person_id=actor.person_id))
    assert (view.number, view.state, view.cancellable) == (1, State.BOOKED, True)
    assert view.arrive_at == slot.starts_at - timedelta(minutes=15)
    assert left(session, slot) == (1, 1)
    stored = session.get_one(Booking, view.id)
    assert (stored.account_id, stored.department_id, stored.starts_at, stored.division_code) == (
        actor.account_id,
        slot.department_id,
        slot.starts_at,
        slot.division_code,
    )


def test_a_full_slot_says_which_is_free(session: Session) -> None:
    first, second, *_ = make_slots(session, make_clinic(session), capacity=1)
    make_booking(session, first, make_person(session).id)
    error = refusal(session, resident(session), first)
    assert error.code == "slot_full"
    assert str(error.message).endswith("最近的空位是 08:30。")
    assert left(session, second) == (1, 0)


def test_the_nearest_may_be_another_day(session: Session) -> None:
    clinic = make_clinic(session)
    day = clock.today() + timedelta(days=2)
    slots = make_slots(session, clinic, capacity=1, day=day)
    make_slots(session, clinic, capacity=1, day=day + timedelta(days=1))
    for slot in slots:
        make_booking(session, slot, make_person(session).id)
    error = refusal(session, resident(session), slots[0])
    assert f"{day + timedelta(days=1):%m-%d} 08:00" in str(error.message)


def test_a_department_with_nothing_left_says_so(session: Session) -> None:
    slots = make_slots(session, make_clinic(session), capacity=1)
    for slot in slots:
        make_booking(session, slot, make_person(session).id)
    assert refusal(session, resident(session), slots[0]).code == "none_free"


def test_once_a_department_and_day(session: Session) -> None:
    first, second, *_ = make_slots(session, make_clinic(session))
    actor = resident(session)
    book(session, actor, first)
    assert refusal(session, actor, second).code == "already_booked"
    assert left(session, second) == (3, 0)


def test_the_limit_of_a_day(session: Session) -> None:
    clinic = make_clinic(session, day_limit=2)
    actor = resident(session)
    for _ in range(2):
        book(session, actor, make_slots(session, make_clinic(session, clinic.institution))[0])
    third = make_slots(session, make_clinic(session, clinic.institution))[0]
    error = refusal(session, actor, third)
    assert (error.code, error.message.values) == ("day_limit", {"limit": 2})


def test_the_limit_of_bookings_to_come(session: Session) -> None:
    clinic = make_clinic(session, active_limit=4)
    actor = resident(session)
    for ahead in range(1, 5):
        day = clock.today() + timedelta(days=ahead)
        book(session, actor, make_slots(session, clinic, day=day)[0])
    last = make_slots(session, clinic, day=clock.today() + timedelta(days=5))[0]
    assert refusal(session, actor, last).code == "active_limit"


def test_a_slot_beyond_the_horizon_says_when_it_opens(session: Session) -> None:
    clinic = make_clinic(session, horizon_days=7)
    far = make_slots(session, clinic, day=clock.today() + timedelta(days=9))[0]
    error = refusal(session, resident(session), far)
    assert error.code == "slot_not_open"
    assert str(error.message).startswith("这个时段 ")


def test_a_slot_closes_before_it_starts(session: Session) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic)[0]
    actor = resident(session)
    late = slot.starts_at - timedelta(minutes=29) - clock.now()
    with clock.shifted(late):
        error = refusal(session, actor, slot)
    assert error.code == "slot_closed"
    assert "08:30" in str(error.message)


def test_nobody_books_for_another(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    actor, other = resident(session), make_person(session)
    with pytest.raises(Denied):
        book_slot(session, actor, BookSlot(slot_id=slot.id, person_id=other.id))
    assert left(session, slot) == (3, 0)


def test_the_real_name_check_comes_first(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    account, person = make_resident(session)
    unchecked = Actor(account_id=account.id, person_id=person.id, verified=False)
    with pytest.raises(Denied):
        book(session, unchecked, slot)


def test_an_unknown_slot(session: Session) -> None:
    actor = resident(session)
    assert actor.person_id
    with pytest.raises(NotFound):
        book_slot(session, actor, BookSlot(slot_id=new_id(), person_id=actor.person_id))


def test_cancelling_returns_the_place_but_not_the_number(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=1)[0]
    actor = resident(session)
    booking_id = book(session, actor, slot)
    view = cancel_booking(session, actor, booking_id)
    assert (view.state, view.cancellable) == (State.CANCELLED, False)
    assert left(session, slot) == (1, 1)
    again = book_slot(session, actor, BookSlot(slot_id=slot.id, person_id=view.person_id))
    assert again.number == 2


def test_cancelling_twice_returns_one_place(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    actor = resident(session)
    booking_id = book(session, actor, slot)
    cancel_booking(session, actor, booking_id)
    assert cancel_booking(session, actor, booking_id).state is State.CANCELLED
    assert left(session, slot) == (3, 1)


def test_it_is_too_late_after_the_deadline(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    actor = resident(session)
    booking_id = book(session, actor, slot)
    with clock.shifted(slot.cancel_until - clock.now()), pytest.raises(Conflict) as caught:
        cancel_booking(session, actor, booking_id)
    assert caught.value.code == "too_late_to_cancel"
    assert "17:00" in str(caught.value.message)
    assert left(session, slot) == (2, 1)


def test_nobody_cancels_anothers(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    booking = make_booking(session, slot, make_person(session).id)
    with pytest.raises(Denied):
        cancel_booking(session, resident(session), booking.id)


def test_the_database_itself_refuses_to_oversell(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=1)[0]
    slot.remaining = -1
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()


def test_the_database_itself_refuses_a_second_booking(session: Session) -> None:
    first, second, *_ = make_slots(session, make_clinic(session))
    person = make_person(session)
    make_booking(session, first, person.id)
    with pytest.raises(IntegrityError), session.begin_nested():
        make_booking(session, second, person.id)


def test_a_rule_belongs_to_one_institution(session: Session) -> None:
    """The limit of one hospital does not bind at another."""
    strict, free = make_clinic(session, day_limit=1), make_clinic(session, day_limit=4)
    actor = resident(session)
    book(session, actor, make_slots(session, strict)[0])
    book(session, actor, make_slots(session, free)[0])
    assert len(session.scalars(select(Booking)).all()) == 2
    another = make_clinic(session, strict.institution)
    assert refusal(session, actor, make_slots(session, another)[0]).code == "day_limit"


def test_an_institution_without_a_rule_takes_no_bookings(session: Session) -> None:
    institution = make_institution(session)
    template = make_template(session, make_clinic(session))
    template.institution_id = institution.id
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()
