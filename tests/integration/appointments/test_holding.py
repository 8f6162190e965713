"""Held places, changes of time, several at once, and who may book for whom."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from appointments.jobs import return_places
from appointments.models import Booking, Slot
from appointments.schemas import (
    Because,
    BookGroup,
    BookSlot,
    CancelBooking,
    ChangeBooking,
    Pool,
    Source,
    State,
)
from appointments.services.booking import book_group, book_slot, confirm_booking, hold_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import change_booking
from core import clock
from core.access import Actor, Role
from core.errors import Conflict, Denied
from residents.models import Person
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.residents import make_person, make_resident

DAY_AND_A_BIT = timedelta(days=1, hours=1)


def resident(session: Session) -> Actor:
    account, person = make_resident(session)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def wish(slot: Slot, actor: Actor, pool: Pool = Pool.PUBLIC) -> BookSlot:
    assert actor.person_id
    return BookSlot(slot_id=slot.id, person_id=actor.person_id, pool=pool)


def child_of(session: Session, actor: Actor, **more: object) -> Person:
    parent = session.get_one(Person, actor.person_id)
    child = make_person(session, birth_date=clock.today() - timedelta(days=2000), **more)  # type: ignore[arg-type]
    child.household_id = parent.household_id
    session.flush()
    return child


def places(session: Session, slot: Slot) -> dict[str, int]:
    session.refresh(slot)
    names = ("taken", "remaining", "family_doctor", "onsite", "waitlist", "issued")
    return {name: getattr(slot, name) for name in names if getattr(slot, name)}


def test_a_hold_is_confirmed_once_and_for_all(session: Session) -> None:
    slot = make_slots(session, make_clinic(session, hold_minutes=15), capacity=2)[0]
    actor = resident(session)
    held = hold_slot(session, actor, wish(slot, actor))
    assert held.state is State.HELD
    assert held.held_until
    assert timedelta(minutes=14) < held.held_until - clock.now() <= timedelta(minutes=15)
    assert places(session, slot) == {"taken": 1, "remaining": 1, "issued": 1}
    for _ in range(2):
        assert confirm_booking(session, actor, held.id).state is State.BOOKED
    with clock.shifted(timedelta(hours=1)):
        return_places()
    assert places(session, slot) == {"taken": 1, "remaining": 1, "issued": 1}


def test_a_hold_that_is_over_returns_its_place(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=1)[0]
    actor = resident(session)
    held = hold_slot(session, actor, wish(slot, actor))
    with clock.shifted(timedelta(minutes=16)):
        with pytest.raises(Conflict) as caught:
            confirm_booking(session, actor, held.id)
        assert caught.value.code == "hold_over"
        return_places()
    assert places(session, slot) == {"remaining": 1, "issued": 1}
    assert session.get_one(Booking, held.id, populate_existing=True).because == Because.EXPIRED


def test_who_comes_after_a_hold_is_over_gets_its_place_at_once(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=1)[0]
    first, second = resident(session), resident(session)
    hold_slot(session, first, wish(slot, first))
    with pytest.raises(Conflict):
        book_slot(session, second, wish(slot, second))
    with clock.shifted(timedelta(minutes=16)):
        assert book_slot(session, second, wish(slot, second)).number == 2


def test_a_change_takes_the_new_place_and_gives_back_the_old(session: Session) -> None:
    old, new, *_ = make_slots(session, make_clinic(session), capacity=1)
    actor = resident(session)
    booking = book_slot(session, actor, wish(old, actor))
    changed = change_booking(session, actor, booking.id, ChangeBooking(slot_id=new.id))
    again = change_booking(session, actor, booking.id, ChangeBooking(slot_id=new.id))
    assert again.id == changed.id
    assert changed.changed_from == booking.id
    assert places(session, old) == {"remaining": 1, "issued": 1}
    assert places(session, new) == {"taken": 1, "issued": 1}


def test_a_held_place_can_be_changed_after_the_deadline(session: Session) -> None:
    """As it can be let go then; one that is booked is too late, and after its beginning over."""
    old, new, *_ = make_slots(session, make_clinic(session))
    actor, other = resident(session), resident(session)
    booked = book_slot(session, other, wish(old, other))
    with clock.shifted(old.cancel_until + timedelta(hours=1) - clock.now()):
        held = hold_slot(session, actor, wish(old, actor))
        changed = change_booking(session, actor, held.id, ChangeBooking(slot_id=new.id))
        assert (changed.state, changed.held_until) == (State.HELD, held.held_until)
        assert places(session, old) == {"remaining": 2, "taken": 1, "issued": 2}
        with pytest.raises(Conflict) as late:
            change_booking(session, other, booked.id, ChangeBooking(slot_id=new.id))
    assert late.value.code == "too_late_to_cancel"
    with clock.shifted(old.starts_at - clock.now()), pytest.raises(Conflict) as over:
        change_booking(session, other, booked.id, ChangeBooking(slot_id=new.id))
    assert over.value.code == "visit_over"


def test_a_change_to_a_full_slot_keeps_the_old_place(session: Session) -> None:
    old, new, *_ = make_slots(session, make_clinic(session), capacity=1)
    actor, other = resident(session), resident(session)
    booking = book_slot(session, actor, wish(old, actor))
    book_slot(session, other, wish(new, other))
    with pytest.raises(Conflict) as caught, session.begin_nested():
        change_booking(session, actor, booking.id, ChangeBooking(slot_id=new.id))
    assert caught.value.code == "slot_full"
    assert places(session, old) == {"taken": 1, "issued": 1}
    assert session.get_one(Booking, booking.id, populate_existing=True).state == State.BOOKED


def test_a_change_stays_in_the_department(session: Session) -> None:
    clinic = make_clinic(session)
    old = make_slots(session, clinic)[0]
    new = make_slots(session, make_clinic(session, clinic.institution))[0]
    actor = resident(session)
    booking = book_slot(session, actor, wish(old, actor))
    with pytest.raises(Conflict) as caught:
        change_booking(session, actor, booking.id, ChangeBooking(slot_id=new.id))
    assert caught.value.code == "other_department"


def test_two_children_get_places_together_or_not_at_all(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=2)[0]
    parent = resident(session)
    children = [child_of(session, parent) for _ in range(3)]
    both = BookGroup(
        bookings=[BookSlot(slot_id=slot.id, person_id=child.id) for child in children[:2]]
    )
    with pytest.raises(Conflict), session.begin_nested():
        third = BookSlot(slot_id=slot.id, person_id=children[2].id)
        book_group(session, parent, BookGroup(bookings=[*both.bookings, third]))
    assert places(session, slot) == {"remaining": 2}
    made = book_group(session, parent, both)
    assert [view.person_id for view in made] == [child.id for child in children[:2]]
    assert {view.source for view in made} == {Source.FAMILY}
    assert cancel_booking(session, parent, made[0].id).state is State.CANCELLED


def test_a_grown_up_of_the_household_books_for_themself(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    actor = resident(session)
    adult = child_of(session, actor)
    adult.birth_date = date(2000, 1, 1)
    session.flush()
    with pytest.raises(Denied):
        book_slot(session, actor, BookSlot(slot_id=slot.id, person_id=adult.id))


def test_places_kept_for_the_contracted_are_not_for_others(session: Session) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, capacity=1)[0]
    slot.remaining, slot.family_doctor = 0, 1
    session.flush()
    actor = resident(session)
    with pytest.raises(Denied):
        book_slot(session, actor, wish(slot, actor, Pool.FAMILY_DOCTOR))
    with pytest.raises(Conflict):
        book_slot(session, actor, wish(slot, actor))


def test_a_reserved_place_nobody_took_is_the_publics(session: Session) -> None:
    day = clock.today() + timedelta(days=3)
    slot = make_slots(session, make_clinic(session), capacity=3, day=day)[0]
    slot.remaining, slot.family_doctor, slot.referral = 1, 1, 1
    session.flush()
    return_places()
    assert places(session, slot)["remaining"] == 1
    with clock.shifted(DAY_AND_A_BIT + timedelta(days=1)):
        return_places()
    assert places(session, slot) == {"remaining": 3}


def test_the_desk_gives_out_the_days_own_places(session: Session) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, capacity=1, day=clock.today())[-1]
    slot.remaining, slot.onsite = 0, 1
    session.flush()
    desk = Actor(
        account_id=resident(session).account_id,
        grants={Role.REGISTRAR: frozenset({str(clinic.institution.id)})},
        active_role=Role.REGISTRAR,
    )
    patient = make_person(session)
    walk_in = BookSlot(slot_id=slot.id, person_id=patient.id, pool=Pool.ONSITE)
    with clock.shifted(clock.at(clock.today(), 8) - clock.now()):
        booking = book_slot(session, desk, walk_in)
    assert booking.source is Source.DESK
    with pytest.raises(Denied):
        book_slot(session, desk, BookSlot(slot_id=slot.id, person_id=make_person(session).id))


def test_a_late_cancellation_is_accepted_knowingly(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    actor = resident(session)
    booking = book_slot(session, actor, wish(slot, actor))
    with clock.shifted(slot.cancel_until - clock.now()):
        view = cancel_booking(session, actor, booking.id, CancelBooking(late=True))
    assert view.because is Because.LATE
    assert places(session, slot) == {"remaining": 3, "issued": 1}


def test_who_cancels_is_who_they_are_to_the_patient_not_the_role_they_have_on(
    session: Session,
) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    parent = resident(session)
    child = child_of(session, parent)
    made = BookSlot(slot_id=slot.id, person_id=child.id)
    booking = book_slot(session, parent, made)
    at_work = replace(
        parent,
        grants={Role.REGISTRAR: frozenset({str(make_clinic(session).institution.id)})},
        active_role=Role.REGISTRAR,
    )
    with clock.shifted(slot.cancel_until - clock.now()):
        with pytest.raises(Conflict) as caught, session.begin_nested():
            cancel_booking(session, at_work, booking.id)
        assert caught.value.code == "too_late_to_cancel"
        view = cancel_booking(session, at_work, booking.id, CancelBooking(late=True))
    assert view.because is Because.LATE


def test_the_desk_of_the_house_cancels_late_whichever_way_it_comes(session: Session) -> None:
    slot = make_slots(session, make_clinic(session))[0]
    patient = resident(session)
    booking = book_slot(session, patient, wish(slot, patient))
    desk = Actor(
        account_id=patient.account_id,
        grants={Role.REGISTRAR: frozenset({str(slot.institution_id)})},
    )
    with clock.shifted(slot.cancel_until - clock.now()):
        view = cancel_booking(session, desk, booking.id)
    assert view.because is Because.HOSPITAL
