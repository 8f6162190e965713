"""Referrals: the place that is held, both sides' steps, deadlines, who reads what."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from appointments.jobs import mind_referrals, return_places
from appointments.models import Booking, Referral, Slot, Wait
from appointments.public import has_open_referral, referral_facts
from appointments.queries.referrals import (
    get_referral,
    list_own_referrals,
    list_referrals,
)
from appointments.queries.waiting import waiting
from appointments.referral_states import ReferralState, ReferralStep
from appointments.schemas import (
    Because,
    Folder,
    ReferralFilter,
    ReferralQuery,
    Source,
    State,
    Urgency,
)
from appointments.services.booking import cancel_booking
from appointments.services.referrals import send_up
from core import clock
from core.access import Actor, Role
from core.errors import Conflict, Denied, Invalid, NotFound
from core.paging import PageQuery
from core.waiting import read_waiting
from notifications.models import Message
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.referrals import (
    Two,
    hand_down,
    make_two,
    refer,
    staff_actor,
    step,
    wish_up,
)
from tests.factories.residents import make_person, make_resident

HOUR = timedelta(hours=1)


@pytest.fixture
def two(session: Session) -> Two:
    return make_two(session)


def free(session: Session, slot: Slot) -> tuple[int, int, int]:
    session.refresh(slot)
    return slot.referral, slot.remaining, slot.taken


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


def test_asked_answered_accepted_arrived_closed(session: Session, two: Two) -> None:
    sent = refer(session, two)
    asked = step(session, two.desk, sent, ReferralStep.ASK, note="肌酐多少？")
    assert ReferralStep.ANSWER not in asked.allowed
    seen = get_referral(session, two.doctor, sent.id)
    assert set(seen.allowed) == {ReferralStep.ANSWER, ReferralStep.WITHDRAW}
    assert seen.steps[-1].note == "肌酐多少？"
    answered = step(session, two.doctor, asked, ReferralStep.ANSWER, note="88")
    accepted = step(session, two.desk, answered, ReferralStep.ACCEPT)
    assert accepted.booking
    assert accepted.booking.state is State.BOOKED
    arrived = step(session, two.desk, accepted, ReferralStep.ARRIVE)
    closed = step(session, two.desk, arrived, ReferralStep.CLOSE, note="已调整用药")
    assert closed.state is ReferralState.CLOSED
    assert closed.allowed == []
    assert [each.state for each in closed.steps] == [
        ReferralState.SENT,
        ReferralState.ASKED,
        ReferralState.ANSWERED,
        ReferralState.ACCEPTED,
        ReferralState.ARRIVED,
        ReferralState.CLOSED,
    ]
    assert not has_open_referral(session, two.person.id, two.clinic.department.id)


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


def test_a_step_repeated_answers_and_an_old_version_is_told(session: Session, two: Two) -> None:
    sent = refer(session, two)
    asked = step(session, two.desk, sent, ReferralStep.ASK)
    again = step(session, two.desk, sent, ReferralStep.ASK)
    assert again.version == asked.version == 2
    assert len(again.steps) == 2
    with pytest.raises(Conflict) as caught:
        step(session, two.desk, sent, ReferralStep.DECLINE)
    assert caught.value.code == "referral_changed"


def test_illegal_and_foreign_steps_are_refused(session: Session, two: Two) -> None:
    sent = refer(session, two)
    with pytest.raises(Conflict) as caught:
        step(session, two.desk, sent, ReferralStep.ARRIVE)
    assert caught.value.code == "not_now"
    with pytest.raises(Denied):
        step(session, two.doctor, sent, ReferralStep.ACCEPT)
    with pytest.raises(Denied):
        step(session, two.desk, sent, ReferralStep.WITHDRAW)
    for hidden in (ReferralStep.LAPSE, ReferralStep.REDIRECT):
        with pytest.raises(NotFound):
            step(session, two.desk, sent, hidden)
    with pytest.raises(Invalid):
        step(session, two.desk, sent, ReferralStep.DECLINE, note=" ")


def test_nobody_is_referred_twice_to_a_department(session: Session, two: Two) -> None:
    refer(session, two)
    with pytest.raises(Conflict) as caught, session.begin_nested():
        refer(session, two)
    assert caught.value.code == "already_referred"


def test_a_criterion_must_be_on_the_list(session: Session, two: Two) -> None:
    with pytest.raises(Invalid) as caught, session.begin_nested():
        refer(session, two, criteria=["htn-down-1"])
    assert "criteria" in caught.value.fields


def test_only_the_team_that_cares_refers(session: Session, two: Two) -> None:
    other = make_two(session)
    for actor in (other.doctor, two.desk, two.patient):
        with pytest.raises(Denied), session.begin_nested():
            send_up(session, actor, wish_up(two))


def test_the_deadline_is_recalled_once_and_then_the_referral_lapses(
    session: Session, two: Two, run_jobs: Callable[[], int]
) -> None:
    sent = refer(session, two)
    assert sent.booking
    mind_referrals()
    with clock.shifted(37 * HOUR):
        mind_referrals()
        mind_referrals()
        due = ReferralQuery(part=ReferralFilter.DUE)
        assert [row.id for row in list_referrals(session, two.desk, due).items] == [sent.id]
    row = session.get_one(Referral, sent.id, populate_existing=True)
    assert row.reminded_at
    with clock.shifted(48 * HOUR):
        return_places()
        with pytest.raises(Conflict) as caught:
            step(session, two.desk, sent, ReferralStep.ACCEPT)
        assert caught.value.code == "referral_over"
        mind_referrals()
        mind_referrals()
    session.refresh(row)
    assert row.state == ReferralState.LAPSED
    assert free(session, two.slots[0]) == (1, 2, 0)
    run_jobs()
    told = session.scalars(select(Message).where(Message.person_id == two.person.id)).all()
    assert len(told) == 2  # sent, lapsed


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


def test_down_to_the_team_under_contract(session: Session, two: Two) -> None:
    sent = hand_down(session, two)
    assert sent.to_team_id == two.team.id
    assert sent.medicines == "氨氯地平 5mg 每日一次"
    assert read_waiting(session, [waiting(two.doctor)])["appointments_referrals.inbox"] == 1
    accepted = step(session, two.doctor, sent, ReferralStep.ACCEPT)
    assert accepted.booking is None
    arrived = step(session, two.doctor, accepted, ReferralStep.ARRIVE)
    assert step(session, two.doctor, arrived, ReferralStep.CLOSE).state is ReferralState.CLOSED
    assert get_referral(session, two.desk, sent.id).steps[-1].note == "好的"
    with pytest.raises(Denied):
        step(session, two.desk, sent, ReferralStep.ACCEPT)


def test_down_only_of_ones_own_patient(session: Session, two: Two) -> None:
    other = make_two(session)
    with pytest.raises(Denied), session.begin_nested():
        hand_down(session, other, person_id=two.person.id)


def test_down_to_an_institution_for_one_without_a_team(session: Session, two: Two) -> None:
    _, two.person = make_resident(session)
    with pytest.raises(Invalid), session.begin_nested():
        hand_down(session, two)
    sent = hand_down(session, two, institution_id=two.team.institution_id)
    township = staff_actor(session, Role.REGISTRAR, two.team.institution_id)
    assert step(session, township, sent, ReferralStep.ACCEPT).state is ReferralState.ACCEPTED


def test_the_patient_reads_plainly_and_others_nothing(session: Session, two: Two) -> None:
    sent = refer(session, two)
    seen = get_referral(session, two.patient, sent.id)
    assert seen.booking
    hidden = (seen.reason, seen.summary, seen.criteria, seen.steps[0].note)
    assert hidden == (None, None, None, None)
    assert seen.allowed == [ReferralStep.REFUSE]
    assert [r.id for r in list_own_referrals(session, two.patient, PageQuery()).items] == [sent.id]
    other = make_two(session)
    for actor in (other.doctor, other.desk, other.patient):
        with pytest.raises(Denied):
            get_referral(session, actor, sent.id)
    assert list_referrals(session, other.desk, ReferralQuery()).items == []
    with pytest.raises(Denied):
        list_referrals(session, other.patient, ReferralQuery())


def test_lists_and_the_number_beside_them(session: Session, two: Two) -> None:
    sent = refer(session, two)

    def listed(actor: Actor, folder: Folder, part: ReferralFilter | None) -> list[UUID]:
        query = ReferralQuery(folder=folder, part=part)
        return [row.id for row in list_referrals(session, actor, query).items]

    def numbers() -> list[int]:
        return [
            read_waiting(session, [waiting(actor)])["appointments_referrals.inbox"]
            for actor in (two.doctor, two.desk)
        ]

    assert listed(two.desk, Folder.RECEIVED, ReferralFilter.NEW) == [sent.id]
    assert listed(two.doctor, Folder.SENT, None) == [sent.id]
    assert listed(two.doctor, Folder.RECEIVED, None) == []
    assert numbers() == [0, 1]
    asked = step(session, two.desk, sent, ReferralStep.ASK)
    assert numbers() == [1, 0]
    assert listed(two.doctor, Folder.SENT, ReferralFilter.ASKED) == [sent.id]
    step(session, two.doctor, asked, ReferralStep.WITHDRAW)
    assert numbers() == [0, 0]
    assert listed(two.desk, Folder.RECEIVED, ReferralFilter.DECIDED) == [sent.id]
    assert read_waiting(session, [waiting(two.patient)]) == {}


def test_clinical_words_are_sealed_at_rest(session: Session, two: Two) -> None:
    sent = refer(session, two, reason="很特别的原因", summary="很特别的摘要")
    step(session, two.desk, sent, ReferralStep.ASK, note="很特别的问题")
    tables = ("appointments_referral", "appointments_referral_step")
    for table in tables:
        rows = session.execute(text(f"SELECT t::text FROM {table} AS t")).scalars()
        for row in rows:
            assert "特别" not in row
            assert "any-up-1" not in row
            for word in ("很特别的原因", "很特别的摘要", "很特别的问题"):
                assert word.encode().hex() not in row


def test_numbers_for_statistics(session: Session, two: Two) -> None:
    refer(session, two)
    accepted = make_two(session)
    with clock.shifted(6 * HOUR):
        step(session, accepted.desk, refer(session, accepted), ReferralStep.ACCEPT)
    declined = make_two(session)
    referral = refer(session, declined)
    with clock.shifted(10 * HOUR):
        step(session, declined.desk, referral, ReferralStep.DECLINE)
    hand_down(session, make_two(session))
    today = clock.today()
    facts = referral_facts(session, today, today + timedelta(days=2))
    assert sum(fact.sent for fact in facts if fact.direction == "up") == 3
    assert sum(fact.sent for fact in facts if fact.direction == "down") == 1
    up = next(fact for fact in facts if fact.direction == "up")
    assert (up.accepted, up.declined, up.lapsed, up.completed) == (1, 1, 0, 0)
    assert up.median_hours == pytest.approx(5, abs=0.1)
    assert referral_facts(session, today + timedelta(days=3), today + timedelta(days=4)) == []
