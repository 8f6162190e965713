"""While somebody is suspended their online booking rests, and no other way to a doctor."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from appointments.models import Booking, Slot
from appointments.referral_states import ReferralStep
from appointments.schemas import (
    BookSlot,
    CheckIn,
    JoinWait,
    Pool,
    RecordTriage,
    Source,
    State,
    Urgency,
    WalkIn,
)
from appointments.services.arriving import check_in, walk_in
from appointments.services.booking import book_slot
from appointments.services.triage import record_triage
from appointments.services.waitlist import join_wait
from core import clock
from core.errors import Conflict
from tests.factories.appointments import (
    Clinic,
    make_booking,
    make_clinic,
    make_full,
    make_slots,
    make_suspension,
)
from tests.factories.directory import make_department, make_staff
from tests.factories.referrals import make_two, refer, step
from tests.factories.residents import make_person
from tests.integration.appointments.test_tickets import DAY, desk_of, morning

__all__ = ["morning"]


def kept(slot: Slot, pool: Pool) -> Slot:
    """With one of its places for this pool."""
    slot.remaining -= 1
    setattr(slot, pool.value, 1)
    return slot


@pytest.mark.usefixtures("morning")
def test_the_window_gives_a_place_of_the_day(session: Session) -> None:
    clinic = make_clinic(session)
    slot = kept(make_slots(session, clinic, day=DAY)[2], Pool.ONSITE)
    person = make_person(session)
    make_suspension(session, clinic.institution, person.id)
    ticket = walk_in(
        session, desk_of(session, clinic), WalkIn(slot_id=slot.id, person_id=person.id)
    )
    assert session.get_one(Booking, ticket.booking_id).source == Source.DESK


def test_who_calls_gets_a_place_of_the_elderly(session: Session) -> None:
    clinic = make_clinic(session)
    slot = kept(make_slots(session, clinic)[0], Pool.ELDERLY)
    person = make_person(session, birth_date=date(1940, 1, 1))
    make_suspension(session, clinic.institution, person.id)
    wish = BookSlot(slot_id=slot.id, person_id=person.id, pool=Pool.ELDERLY)
    assert book_slot(session, desk_of(session, clinic), wish).state is State.BOOKED


@pytest.mark.parametrize("reserved", [1, 0], ids=["kept-for-referrals", "public"])
def test_a_doctor_refers_them(session: Session, reserved: int) -> None:
    two = make_two(session, reserved=reserved)
    make_suspension(session, two.clinic.institution, two.person.id)
    sent = refer(session, two, urgency=Urgency.URGENT)
    assert bool(sent.booking) is bool(reserved)
    taken = step(session, two.desk, sent, ReferralStep.ACCEPT, slot_id=two.slots[0].id)
    assert taken.booking
    assert taken.booking.state is State.BOOKED


@pytest.mark.usefixtures("morning")
def test_triage_sends_them_to_another_department(session: Session) -> None:
    clinic = make_clinic(session)
    department = make_department(session, clinic.institution)
    doctor = make_staff(session, clinic.institution, department=department)
    slot = make_slots(session, clinic, day=DAY)[0]
    elsewhere = make_slots(session, Clinic(clinic.institution, department, doctor), day=DAY)
    for each in elsewhere:
        kept(each, Pool.ONSITE)
    booking = make_booking(session, slot, make_person(session).id)
    make_suspension(session, clinic.institution, booking.person_id)
    desk = desk_of(session, clinic)
    ticket = check_in(session, desk, CheckIn(booking_id=booking.id))
    found = RecordTriage(level=3, complaint="胸闷", department_id=department.id)
    assert record_triage(session, desk, ticket.id, found).redirected


def test_online_booking_rests_in_every_way(session: Session) -> None:
    """One's own, the family doctor's, and waiting for a place that comes back."""
    two = make_two(session)
    clinic = two.clinic
    make_suspension(session, clinic.institution, two.person.id)
    slot = kept(two.slots[2], Pool.FAMILY_DOCTOR)
    own = BookSlot(slot_id=slot.id, person_id=two.person.id)
    kept_for = own.model_copy(update={"pool": Pool.FAMILY_DOCTOR})
    for actor, wish in ((two.patient, own), (two.patient, kept_for), (two.doctor, kept_for)):
        with pytest.raises(Conflict) as caught:
            book_slot(session, actor, wish)
        assert caught.value.code == "suspended"
    (full,) = make_full(session, clinic, day=clock.today() + timedelta(days=2))
    with pytest.raises(Conflict) as caught:
        join_wait(
            session, two.patient, JoinWait(session_id=full.session_id, person_id=two.person.id)
        )
    assert caught.value.code == "suspended"
