"""Referrals: both sides' steps, deadlines, who reads what."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from appointments.jobs import mind_referrals, return_places
from appointments.models import Referral
from appointments.public import has_open_referral, referral_flows, referral_origin
from appointments.queries.referrals import get_referral, list_own_referrals, list_referrals
from appointments.queries.waiting import waiting
from appointments.referral_states import ReferralState, ReferralStep
from appointments.schemas import Folder, ReferralFilter, ReferralQuery, State
from appointments.services.referrals import send_up
from core import clock
from core.access import Actor, Role
from core.errors import Conflict, Denied, Invalid, NotFound
from core.searching import SearchQuery
from core.waiting import read_waiting
from notifications.models import Message
from tests.factories.referrals import Two, hand_down, make_two, refer, staff_actor, step, wish_up
from tests.factories.residents import make_resident
from tests.integration.appointments.referring import HOUR, free, two

__all__ = ["two"]


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
    assert [r.id for r in list_own_referrals(session, two.patient, SearchQuery()).items] == [
        sent.id
    ]
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
    flows = referral_flows(session, today, today + timedelta(days=2))
    assert sorted(flow.direction for flow in flows) == ["down", "up", "up", "up"]
    said_no = next(flow for flow in flows if flow.declined)
    team, hospital = declined.team, declined.clinic.institution
    assert said_no[1:5] == (
        team.institution_id,
        team.division_code,
        hospital.id,
        hospital.division_code,
    )
    assert (said_no.sent, said_no.accepted, said_no.lapsed, said_no.completed) == (1, 0, 0, 0)
    assert said_no.minutes == [600]
    assert sum(flow.accepted for flow in flows) == 1
    only = referral_flows(session, today, today + timedelta(days=2), two.team.institution_id)
    assert [flow.from_institution_id for flow in only] == [two.team.institution_id]
    assert referral_flows(session, today + timedelta(days=3), today + timedelta(days=4)) == []
    assert referral_origin(session, referral.id) == (team.institution_id, today)
