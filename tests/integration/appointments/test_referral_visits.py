"""A referral and its visit: changed, cancelled, stopped, attended and missed; who hears of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.jobs import end_bookings, mind_referrals, return_places
from appointments.models import Booking
from appointments.queries.referrals import get_referral
from appointments.referral_states import ReferralState, ReferralStep
from appointments.schemas import (
    BookSlot,
    ChangeBooking,
    CheckIn,
    Pool,
    Precedence,
    ReferralView,
    Source,
    State,
    StopSession,
    Urgency,
)
from appointments.services.arriving import check_in
from appointments.services.booking import book_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import change_booking, take_instead
from appointments.services.stopping import stop_session
from appointments.services.visits import mark_visit
from auth.models import Account
from core import clock
from core.access import Actor
from core.errors import Denied
from notifications.models import Message
from tests.factories.appointments import make_slots
from tests.factories.referrals import Two, hand_down, make_two, refer, step
from tests.factories.residents import make_person
from tests.integration.appointments.referring import HOUR, free, two
from tests.integration.appointments.visiting import CAME, MISSED, no_texts

__all__ = ["no_texts", "two"]
Jobs = Callable[[], int]


def as_person(session: Session, actor: Actor) -> UUID:
    """The person behind an account of staff, who reads its messages."""
    account = session.get_one(Account, actor.account_id)
    if account.person_id is None:
        account.person_id = make_person(session, name="示例职员").id
        session.flush()
    assert account.person_id
    return account.person_id


def accepted(session: Session, two: Two) -> ReferralView:
    return step(session, two.desk, refer(session, two), ReferralStep.ACCEPT)


def delivered(session: Session, run_jobs: Jobs) -> None:
    session.commit()
    run_jobs()
    session.expire_all()


def told(session: Session, person_id: UUID | None) -> list[str]:
    query = select(Message).where(Message.person_id == person_id).order_by(Message.id)
    return [each.sentence % each.values for each in session.scalars(query)]


def at(moment: datetime) -> timedelta:
    return moment - clock.now()


def test_a_change_of_time_takes_the_referral_along(
    session: Session, two: Two, run_jobs: Jobs
) -> None:
    doctor, desk = as_person(session, two.doctor), as_person(session, two.desk)
    sent = accepted(session, two)
    assert sent.booking
    wish = ChangeBooking(slot_id=two.slots[2].id)
    changed = change_booking(session, two.patient, sent.booking.id, wish)
    assert changed.source is Source.REFERRAL
    seen = get_referral(session, two.doctor, sent.id)
    assert seen.booking
    assert (seen.booking.id, seen.visit_at) == (changed.id, two.slots[2].starts_at)
    assert (seen.state, seen.steps[-1].step) == (ReferralState.ACCEPTED, ReferralStep.MOVE)
    delivered(session, run_jobs)
    time = f"{clock.local(changed.starts_at):%m-%d %H:%M}"
    assert any(f"改到 {time}" in text for text in told(session, doctor))
    assert any(f"改到 {time}" in text for text in told(session, desk))
    step(session, two.doctor, seen, ReferralStep.WITHDRAW)
    assert session.get_one(Booking, changed.id, populate_existing=True).state == State.CANCELLED
    assert free(session, two.slots[2]) == (0, 3, 0)


def test_a_held_place_is_changed_and_answered_as_long(session: Session, two: Two) -> None:
    sent = refer(session, two)
    assert sent.booking
    wish = ChangeBooking(slot_id=two.slots[1].id)
    changed = change_booking(session, two.patient, sent.booking.id, wish)
    assert (changed.state, changed.pool) == (State.HELD, Pool.REFERRAL)
    seen = get_referral(session, two.desk, sent.id)
    assert (seen.state, seen.answer_by) == (ReferralState.SENT, changed.held_until)
    booked = step(session, two.desk, seen, ReferralStep.ACCEPT)
    assert booked.booking
    assert (booked.booking.id, booked.booking.state) == (changed.id, State.BOOKED)


def test_a_visit_that_falls_away_is_replaced_or_given_up(
    session: Session, two: Two, run_jobs: Jobs
) -> None:
    doctor, desk = as_person(session, two.doctor), as_person(session, two.desk)
    sent = accepted(session, two)
    assert sent.booking
    cancel_booking(session, two.patient, sent.booking.id)
    delivered(session, run_jobs)
    lost = get_referral(session, two.desk, sent.id)
    assert (lost.state, lost.visit_at) == (ReferralState.UNBOOKED, None)
    assert 71 * HOUR < lost.answer_by - clock.now() <= 72 * HOUR
    assert ReferralStep.PLACE in lost.allowed
    for person_id, words in ((doctor, "改转别处"), (desk, "另约"), (two.person.id, "另外安排")):
        assert any(words in text for text in told(session, person_id))
    placed = step(session, two.desk, lost, ReferralStep.PLACE, slot_id=two.slots[2].id)
    assert (placed.state, placed.visit_at) == (ReferralState.ACCEPTED, two.slots[2].starts_at)
    assert placed.booking
    cancel_booking(session, two.patient, placed.booking.id)
    delivered(session, run_jobs)
    with clock.shifted(73 * HOUR):
        mind_referrals()
        delivered(session, run_jobs)
    assert get_referral(session, two.desk, sent.id).state is ReferralState.LAPSED
    assert any("没有约到新的时间" in text for text in told(session, doctor))


def test_instead_of_a_stopped_visit_the_patient_takes_another(
    session: Session, two: Two, run_jobs: Jobs
) -> None:
    sent = accepted(session, two)
    assert sent.booking
    day = two.slots[0].date + timedelta(days=1)
    other = make_slots(session, two.clinic, day=day)[0]
    stop_session(session, two.desk, two.slots[0].session_id, StopSession(reason="医生生病"))
    session.commit()
    end_bookings(str(two.slots[0].session_id))
    delivered(session, run_jobs)
    assert get_referral(session, two.desk, sent.id).state is ReferralState.UNBOOKED
    wish = ChangeBooking(slot_id=other.id)
    instead = take_instead(session, two.patient, sent.booking.id, wish)
    seen = get_referral(session, two.desk, sent.id)
    assert (seen.state, seen.visit_at) == (ReferralState.ACCEPTED, other.starts_at)
    assert instead.source is Source.REFERRAL


def test_who_checks_in_has_arrived_and_goes_before_others(
    session: Session, two: Two, run_jobs: Jobs
) -> None:
    doctor = as_person(session, two.doctor)
    sent = accepted(session, two)
    assert sent.booking
    wish = ChangeBooking(slot_id=two.slots[2].id)
    changed = change_booking(session, two.patient, sent.booking.id, wish)
    session.commit()
    with clock.shifted(at(changed.starts_at)):
        ticket = check_in(session, two.desk, CheckIn(booking_id=changed.id))
        delivered(session, run_jobs)
    assert ticket.priority is Precedence.REFERRED
    assert get_referral(session, two.doctor, sent.id).state is ReferralState.ARRIVED
    assert any("已到诊" in text for text in told(session, doctor))


def test_who_did_not_come_is_missed_until_that_is_corrected(
    session: Session, two: Two, run_jobs: Jobs
) -> None:
    doctor = as_person(session, two.doctor)
    sent = accepted(session, two)
    assert sent.booking
    with clock.shifted(at(sent.booking.starts_at) + timedelta(days=1)):
        mark_visit(session, two.desk, sent.booking.id, MISSED)
        delivered(session, run_jobs)
        assert get_referral(session, two.doctor, sent.id).state is ReferralState.MISSED
        assert any("没有到诊" in text for text in told(session, doctor))
        mark_visit(session, two.desk, sent.booking.id, CAME)
        delivered(session, run_jobs)
    assert get_referral(session, two.doctor, sent.id).state is ReferralState.ARRIVED


def test_an_emergency_without_a_place_arrives_by_any_visit_or_is_missed(
    session: Session, run_jobs: Jobs
) -> None:
    came, stayed = make_two(session, reserved=0), make_two(session, reserved=0)
    ways = []
    for each in (came, stayed):
        sent = refer(session, each, urgency=Urgency.EMERGENCY)
        ways.append(step(session, each.desk, sent, ReferralStep.ACCEPT))
    booking = book_slot(
        session, came.patient, BookSlot(slot_id=came.slots[3].id, person_id=came.person.id)
    )
    session.commit()
    with clock.shifted(at(booking.starts_at)):
        check_in(session, came.desk, CheckIn(booking_id=booking.id))
        delivered(session, run_jobs)
        mind_referrals()
        delivered(session, run_jobs)
    states = [get_referral(session, came.doctor, ways[0].id).state]
    states.append(get_referral(session, stayed.doctor, ways[1].id).state)
    assert states == [ReferralState.ARRIVED, ReferralState.MISSED]


def test_what_is_urgent_is_answered_sooner_and_takes_tomorrows_public_places(
    session: Session, two: Two
) -> None:
    near = at(two.slots[0].starts_at) - 30 * HOUR
    with clock.shifted(near):
        return_places()
        assert free(session, two.slots[0]) == (0, 3, 0)
        emergency = refer(session, two, urgency=Urgency.EMERGENCY)
        assert emergency.booking
        assert (emergency.booking.state, emergency.booking.pool) == (State.HELD, Pool.PUBLIC)
        assert emergency.booking.starts_at == two.slots[0].starts_at
        assert HOUR < emergency.answer_by - clock.now() <= 2 * HOUR
        step(session, two.doctor, emergency, ReferralStep.WITHDRAW)
        urgent = refer(session, two, urgency=Urgency.URGENT)
        assert urgent.booking
        assert 11 * HOUR < urgent.answer_by - clock.now() <= 12 * HOUR
        step(session, two.doctor, urgent, ReferralStep.WITHDRAW)
        assert refer(session, two).booking is None


def test_the_doctor_books_tomorrows_public_places_once_the_kept_ones_are_back(
    session: Session, two: Two, run_jobs: Jobs
) -> None:
    wish = BookSlot(slot_id=two.slots[2].id, person_id=two.person.id)
    with pytest.raises(Denied), session.begin_nested():
        book_slot(session, two.doctor, wish)
    with clock.shifted(at(two.slots[2].starts_at) - 30 * HOUR):
        booked = book_slot(session, two.doctor, wish)
        assert (booked.source, booked.pool) == (Source.FAMILY_DOCTOR, Pool.PUBLIC)
        delivered(session, run_jobs)
        assert any("不计爽约" in text for text in told(session, two.person.id))
        cancel_booking(session, two.patient, booked.id)
        row = session.get_one(Booking, booked.id, populate_existing=True)
        assert row.because == "refused"


def test_the_receiving_side_hears_of_what_it_has_to_do(
    session: Session, two: Two, run_jobs: Jobs
) -> None:
    desk, doctor = as_person(session, two.desk), as_person(session, two.doctor)
    mother = make_person(session, name="覃母")
    mother.household_id = two.person.household_id
    two.person.birth_date = clock.today() - timedelta(days=2000)
    sent = refer(session, two)
    asked = step(session, two.desk, sent, ReferralStep.ASK)
    step(session, two.doctor, asked, ReferralStep.ANSWER)
    down = make_two(session)
    team = as_person(session, down.doctor)
    hand_down(session, down)
    delivered(session, run_jobs)
    assert [text.split("。")[0] for text in told(session, desk)] == [
        f"收到一份转诊，来自{two.team.name}",
        f"{two.team.name}答复了转诊的问题",
    ]
    assert any("收到一份转诊" in text for text in told(session, team))
    assert any("有问题待回答" in text for text in told(session, doctor))
    assert any(f"{two.person.name}发起了转诊" in text for text in told(session, mother.id))
    assert any("多了解一些情况" in text for text in told(session, mother.id))
    with clock.shifted(37 * HOUR):
        mind_referrals()
        delivered(session, run_jobs)
        assert "还没有答复" in told(session, desk)[-1]
    with clock.shifted(49 * HOUR):
        mind_referrals()
        delivered(session, run_jobs)
    assert "过期没有答复" in told(session, desk)[-1]
