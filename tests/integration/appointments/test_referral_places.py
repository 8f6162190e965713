"""The place of a referral: held, given back, gone, proposed and changed."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from appointments.jobs import return_places
from appointments.models import Booking, Wait
from appointments.public import has_open_referral
from appointments.queries.referrals import get_referral
from appointments.referral_states import ReferralState, ReferralStep
from appointments.schemas import Because, Source, State, Urgency
from appointments.services.cancelling import cancel_booking
from appointments.services.referrals import send_up
from core import clock
from core.errors import Conflict, Denied, Invalid
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.referrals import Two, make_two, refer, step, wish_up
from tests.factories.residents import make_person
from tests.integration.appointments.referring import HOUR, free, two

__all__ = ["two"]


def booking_state(session: Session, booking_id: UUID) -> State:
    return State(session.get_one(Booking, booking_id, populate_existing=True).state)


def test_a_reserved_place_is_held_at_once_for_48_hours(session: Session, two: Two) -> None:
    sent = refer(session, two)
    assert sent.booking
    assert (sent.booking.state, sent.booking.source) == (State.HELD, Source.REFERRAL)
    assert sent.booking.slot_id == two.slots[0].id
    assert sent.booking.held_until == sent.answer_by
    assert 47 * HOUR < sent.answer_by - clock.now() <= 48 * HOUR
    assert free(session, two.slots[0]) == (0, 2, 1)
    assert has_open_referral(session, two.person.id, two.clinic.department.id)


def test_the_chosen_place_or_nothing(session: Session, two: Two) -> None:
    sent = refer(session, two, slot_id=two.slots[1].id)
    assert sent.booking
    assert sent.booking.slot_id == two.slots[1].id
    other = make_two(session)
    with pytest.raises(Conflict), session.begin_nested():
        send_up(session, other.doctor, wish_up(other, slot_id=other.slots[3].id))
    with pytest.raises(Invalid), session.begin_nested():
        send_up(session, other.doctor, wish_up(other, slot_id=two.slots[0].id))
    assert not has_open_referral(session, other.person.id, other.clinic.department.id)


def test_a_held_place_never_outlives_its_slot(session: Session) -> None:
    two = make_two(session)
    soon = two.slots[0]
    soon.reserved_until = soon.starts_at
    soon.closes_at = soon.starts_at
    session.flush()
    with clock.shifted(soon.starts_at - clock.now() - 5 * HOUR):
        sent = refer(session, two, slot_id=soon.id)
        assert sent.answer_by == soon.starts_at


def test_without_a_free_place_the_receiving_side_chooses(session: Session) -> None:
    two = make_two(session, reserved=0)
    sent = refer(session, two)
    assert sent.booking is None
    with pytest.raises(Conflict) as caught:
        step(session, two.desk, sent, ReferralStep.ACCEPT)
    assert caught.value.code == "place_needed"
    accepted = step(session, two.desk, sent, ReferralStep.ACCEPT, slot_id=two.slots[2].id)
    assert accepted.booking
    assert accepted.booking.state is State.BOOKED
    assert free(session, two.slots[2]) == (0, 2, 1)


def test_an_emergency_comes_without_a_place(session: Session) -> None:
    two = make_two(session, reserved=0)
    sent = refer(session, two, urgency=Urgency.EMERGENCY)
    accepted = step(session, two.desk, sent, ReferralStep.ACCEPT)
    assert (accepted.state, accepted.booking) == (ReferralState.ACCEPTED, None)


@pytest.mark.parametrize(
    ("taken", "because"),
    [
        (ReferralStep.DECLINE, Because.HOSPITAL),
        (ReferralStep.WITHDRAW, Because.HOSPITAL),
        (ReferralStep.REFUSE, Because.REFUSED),
    ],
)
def test_an_end_gives_the_place_back(
    session: Session, two: Two, taken: ReferralStep, because: Because
) -> None:
    sent = refer(session, two)
    assert sent.booking
    actors = {ReferralStep.DECLINE: two.desk, ReferralStep.WITHDRAW: two.doctor}
    step(session, actors.get(taken, two.patient), sent, taken)
    assert free(session, two.slots[0]) == (1, 2, 0)
    assert session.get_one(Booking, sent.booking.id).because == because


def test_a_returned_place_goes_to_those_who_wait(session: Session, two: Two) -> None:
    sent = refer(session, two)
    slot = two.slots[0]
    slot.reserved_until = clock.now() + HOUR
    waiting = make_person(session)
    wait = Wait(
        session_id=slot.session_id,
        person_id=waiting.id,
        account_id=two.patient.account_id,
        institution_id=slot.institution_id,
        department_id=slot.department_id,
        division_code=slot.division_code,
        date=slot.date,
        priority=3,
        offers_end=slot.cancel_until,
    )
    session.add(wait)
    session.flush()
    with clock.shifted(2 * HOUR):
        step(session, two.doctor, sent, ReferralStep.WITHDRAW)
    session.refresh(slot)
    assert (slot.referral, slot.waitlist, slot.taken) == (0, 1, 0)


def test_a_hold_that_ran_out_between_is_taken_anew(session: Session, two: Two) -> None:
    sent = refer(session, two)
    assert sent.booking
    session.get_one(Booking, sent.booking.id).held_until = clock.now() - HOUR
    session.flush()
    return_places()
    assert booking_state(session, sent.booking.id) is State.CANCELLED
    accepted = step(session, two.desk, sent, ReferralStep.ACCEPT)
    assert accepted.booking
    assert accepted.booking.id != sent.booking.id
    assert accepted.booking.state is State.BOOKED
    assert accepted.booking.slot_id == two.slots[0].id


def test_a_hold_that_ran_out_and_went_to_another_is_said(session: Session) -> None:
    two = make_two(session, capacity=1)
    sent = refer(session, two)
    assert sent.booking
    session.get_one(Booking, sent.booking.id).held_until = clock.now() - HOUR
    session.flush()
    return_places()
    slot = two.slots[0]
    session.refresh(slot)
    slot.referral, slot.taken, slot.issued = 0, 1, slot.issued + 1
    session.flush()
    with pytest.raises(Conflict) as caught:
        step(session, two.desk, sent, ReferralStep.ACCEPT)
    assert caught.value.code == "place_gone"


def test_a_place_the_patient_gave_back_is_not_taken_again(session: Session, two: Two) -> None:
    sent = refer(session, two)
    assert sent.booking
    cancel_booking(session, two.patient, sent.booking.id)
    with pytest.raises(Conflict) as caught:
        step(session, two.desk, sent, ReferralStep.ACCEPT)
    assert caught.value.code == "place_given_back"
    accepted = step(session, two.desk, sent, ReferralStep.ACCEPT, slot_id=two.slots[1].id)
    assert accepted.booking
    assert accepted.booking.slot_id == two.slots[1].id


def test_a_proposal_within_the_house_changes_the_place_when_agreed(
    session: Session, two: Two
) -> None:
    sent = refer(session, two)
    neighbour = make_clinic(session, two.clinic.institution)
    day = clock.today() + timedelta(days=5)
    slot = make_slots(session, neighbour, day=day)[3]
    proposed = step(session, two.desk, sent, ReferralStep.PROPOSE, slot_id=slot.id)
    assert proposed.proposal
    assert proposed.proposal.department_id == neighbour.department.id
    assert free(session, two.slots[0])[2] == 1
    agreed = step(session, two.doctor, proposed, ReferralStep.AGREE)
    assert agreed.state is ReferralState.ACCEPTED
    assert agreed.booking
    assert (agreed.booking.slot_id, agreed.booking.state) == (slot.id, State.BOOKED)
    assert free(session, two.slots[0]) == (1, 2, 0)
    assert step(session, two.doctor, proposed, ReferralStep.AGREE).version == agreed.version


def test_a_proposal_of_another_house_goes_there_and_is_answered_afresh(
    session: Session, two: Two
) -> None:
    sent = refer(session, two)
    other = make_two(session)
    proposed = step(
        session, two.desk, sent, ReferralStep.PROPOSE, department_id=other.clinic.department.id
    )
    with clock.shifted(40 * HOUR):
        moved = step(session, two.doctor, proposed, ReferralStep.AGREE)
        assert moved.state is ReferralState.SENT
        assert moved.to_institution_id == other.clinic.institution.id
        assert moved.answer_by - clock.now() > 47 * HOUR
        assert moved.booking
        assert moved.booking.slot_id == other.slots[0].id
        assert free(session, two.slots[0]) == (1, 2, 0)
        with pytest.raises(Denied):
            get_referral(session, two.desk, sent.id)
        accepted = step(session, other.desk, moved, ReferralStep.ACCEPT)
    assert accepted.state is ReferralState.ACCEPTED


def test_a_proposal_not_agreed_goes_back_to_the_receiver(session: Session, two: Two) -> None:
    sent = refer(session, two)
    with pytest.raises(Invalid):
        step(session, two.desk, sent, ReferralStep.PROPOSE)
    proposed = step(session, two.desk, sent, ReferralStep.PROPOSE, slot_id=two.slots[4].id)
    back = step(session, two.doctor, proposed, ReferralStep.DISAGREE)
    assert (back.state, back.proposal) == (ReferralState.ANSWERED, None)
    assert step(session, two.desk, back, ReferralStep.ACCEPT).booking


def test_an_accepted_time_can_be_changed_and_taken_back(session: Session, two: Two) -> None:
    accepted = step(session, two.desk, refer(session, two), ReferralStep.ACCEPT)
    moved = step(session, two.desk, accepted, ReferralStep.PLACE, slot_id=two.slots[2].id)
    assert moved.booking
    assert moved.booking.slot_id == two.slots[2].id
    assert free(session, two.slots[0]) == (1, 2, 0)
    step(session, two.doctor, moved, ReferralStep.WITHDRAW)
    assert free(session, two.slots[2]) == (0, 3, 0)
