"""A team answers a dispute: the record is taken back with all it settled, or stands with a note."""

import threading
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.database import transaction
from core.errors import Conflict, Denied, NotFound
from core.models import AuditEvent
from family_doctor.models import Contract, Obligation
from family_doctor.services.promises import keep_promise
from family_doctor.subscribers import settle_promise
from notifications.models import Message
from residents.models import Person
from service_packs.events import ServiceRecorded
from service_packs.models import EntitlementItem, ServiceRecord
from service_packs.queries.records import view_record
from service_packs.schemas import DisputeRecord, RecordState, UpholdRecord
from service_packs.services.disputes import uphold_record, withdraw_record
from service_packs.services.records import confirm_record, dispute_record
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, make_contract, make_service_record
from tests.factories.residents import make_resident

WHY = DisputeRecord(reason="那天没有来")
ANSWER = UpholdRecord(note="已电话核实，家人在场。")


class Dispute(NamedTuple):
    """A record that a resident disputes, and everybody around it."""

    record_id: UUID
    item_id: UUID
    person: Person
    contract: Contract
    resident: Actor
    leader: Actor
    nurse: Actor

    def times_used(self, session: Session) -> int:
        return session.get_one(EntitlementItem, self.item_id, populate_existing=True).times_used

    def kept(self, session: Session) -> int:
        """How many promises its record keeps."""
        query = select(Obligation).where(Obligation.service_record_id == self.record_id)
        return len(session.scalars(query).all())


def make_dispute(session: Session) -> Dispute:
    """A recorded service that used a time and kept a promise, disputed."""
    account, person = make_resident(session)
    team, leader, nurse = make_team(session)
    contract = make_contract(session, person, team)
    record_id = make_service_record(session, contract, "T02")
    item = session.get_one(ServiceRecord, record_id).entitlement_item_id
    session.get_one(EntitlementItem, item).times_used = 1
    session.flush()
    assert keep_promise(
        session,
        person_id=person.id,
        item_code="T02",
        record_id=record_id,
        performed_at=clock.now(),
    )
    found = Dispute(
        record_id,
        item,
        person,
        contract,
        actor_of(session, account.id),
        actor_of(session, leader),
        actor_of(session, nurse),
    )
    dispute_record(session, found.resident, record_id, WHY)
    return found


@pytest.fixture
def dispute(session: Session) -> Dispute:
    """One dispute in this test's transaction."""
    return make_dispute(session)


def test_a_withdrawn_record_gives_back_what_it_took(
    session: Session, dispute: Dispute, run_jobs: Callable[[], int]
) -> None:
    assert (dispute.times_used(session), dispute.kept(session)) == (1, 1)
    with transaction() as work:
        answer = withdraw_record(work, dispute.nurse, dispute.record_id)
    total = session.get_one(EntitlementItem, dispute.item_id).times_total
    assert (answer.times_left, dispute.times_used(session)) == (total, 0)
    assert dispute.kept(session) == 0
    assert session.get(ServiceRecord, dispute.record_id, populate_existing=True) is None
    run_jobs()
    [told] = session.scalars(select(Message).where(Message.person_id == dispute.person.id))
    assert "撤回" in told.sentence
    [kept] = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "service_packs:answer-dispute")
    )
    assert (kept.account_id, kept.person_id, kept.resource_id) == (
        dispute.nurse.account_id,
        dispute.person.id,
        str(dispute.record_id),
    )
    with pytest.raises(NotFound):
        withdraw_record(session, dispute.nurse, dispute.record_id)


def test_an_upheld_record_stands_and_the_person_answers_anew(
    session: Session, dispute: Dispute, run_jobs: Callable[[], int]
) -> None:
    with transaction() as work:
        view = uphold_record(work, dispute.leader, dispute.record_id, ANSWER)
    assert (view.state, view.dispute_reason) == (RecordState.RECORDED, WHY.reason)
    assert view.note and view.note.endswith(ANSWER.note)
    assert (dispute.times_used(session), dispute.kept(session)) == (1, 1)
    run_jobs()
    [told] = session.scalars(select(Message).where(Message.person_id == dispute.person.id))
    assert told.link == f"/packs/records/{dispute.record_id}"
    assert ANSWER.note not in str(told.values)
    with pytest.raises(Conflict) as again:
        uphold_record(session, dispute.leader, dispute.record_id, ANSWER)
    assert again.value.code == "not_disputed"
    assert confirm_record(session, dispute.resident, dispute.record_id).state == "confirmed"


def test_only_the_team_of_the_record_answers(session: Session, dispute: Dispute) -> None:
    _, other_leader, other_nurse = make_team(session)
    own = Actor(
        account_id=dispute.nurse.account_id,
        person_id=dispute.person.id,
        grants=dispute.nurse.grants,
    )
    strangers = (actor_of(session, other_leader), actor_of(session, other_nurse))
    for actor in (*strangers, dispute.resident, own):
        with pytest.raises(Denied):
            withdraw_record(session, actor, dispute.record_id)
        with pytest.raises(Denied):
            uphold_record(session, actor, dispute.record_id, ANSWER)
    assert dispute.times_used(session) == 1


def test_only_a_disputed_record_is_withdrawn(session: Session, dispute: Dispute) -> None:
    confirm_record(session, dispute.resident, dispute.record_id)
    with pytest.raises(Conflict) as refusal:
        withdraw_record(session, dispute.nurse, dispute.record_id)
    assert refusal.value.code == "not_disputed"
    assert (dispute.times_used(session), dispute.kept(session)) == (1, 1)


def test_what_an_ended_contract_owed_later_is_not_owed_again(
    session: Session, dispute: Dispute
) -> None:
    contract = dispute.contract
    contract.state, contract.ended_at, contract.end_reason = "terminated", clock.now(), "moved"
    session.flush()
    [kept] = session.scalars(
        select(Obligation).where(Obligation.service_record_id == dispute.record_id)
    )
    withdraw_record(session, dispute.nurse, dispute.record_id)
    assert (kept.done_at, kept.excused_at) == (None, contract.ended_at)


def test_a_late_announcement_of_a_withdrawn_record_settles_nothing(
    session: Session, dispute: Dispute
) -> None:
    fact = ServiceRecorded(
        record_id=dispute.record_id,
        person_id=dispute.person.id,
        item_code="T02",
        team_id=dispute.contract.team_id,
        performed_at=clock.now(),
    )
    withdraw_record(session, dispute.nurse, dispute.record_id)
    settle_promise(session, fact)
    assert dispute.kept(session) == 0


def answers_at_once(dispute: Dispute) -> list[str]:
    """Which answers counted of two confirmations and two withdrawals."""
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def answer(work: Callable[..., object], actor: Actor) -> None:
        start.wait()
        try:
            with transaction() as session:
                work(session, actor, dispute.record_id)
        except (Conflict, NotFound):
            return
        outcomes.append(work.__name__)

    tries = [(confirm_record, dispute.resident), (withdraw_record, dispute.nurse)] * 2
    threads = [threading.Thread(target=answer, args=each) for each in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_a_confirmation_and_a_withdrawal_one_counts(committed_database: Engine) -> None:
    for _ in range(6):
        with transaction() as session:
            dispute = make_dispute(session)
        outcomes = answers_at_once(dispute)
        assert len(outcomes) == 1, outcomes
        with transaction() as session:
            withdrawn = outcomes == ["withdraw_record"]
            expected = 0 if withdrawn else 1
            assert (dispute.times_used(session), dispute.kept(session)) == (expected, expected)
            if not withdrawn:
                assert view_record(session, dispute.record_id).state is RecordState.CONFIRMED


def test_the_team_s_pages(
    session: Session, dispute: Dispute, signed_in: Callable[[UUID], FlaskClient]
) -> None:
    session.commit()
    nurse, resident = (signed_in(a.account_id) for a in (dispute.nurse, dispute.resident))
    page = f"/service-records/{dispute.record_id}"
    assert page in nurse.get("/service-records/?state=disputed").text
    assert WHY.reason in nurse.get(page).text
    empty = nurse.post(f"{page}/uphold", data={"note": ""})
    assert empty.status_code == 422
    once = {"note": ANSWER.note, "_once": "a-key-of-this-form"}
    for _ in range(2):
        assert nurse.post(f"{page}/uphold", data=once).status_code == 302
    shown = resident.get(f"/packs/records/{dispute.record_id}").text
    assert ANSWER.note in shown
    assert "团队已答复" in shown
    resident.post(f"/packs/records/{dispute.record_id}/dispute", data={"reason": "还是不对"})
    for _ in range(2):
        answer = nurse.post(f"{page}/withdraw", data={"_once": "another-key"})
        assert answer.headers["Location"] == "/service-records/"
    assert nurse.get(page).status_code == 404
    assert dispute.times_used(session) == 0


def test_the_api(
    session: Session,
    dispute: Dispute,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    session.commit()
    nurse, resident = (bearer(a.account_id) for a in (dispute.nurse, dispute.resident))
    here = f"/api/v1/service-packs/service-records/{dispute.record_id}"
    assert client.post(f"{here}/withdraw", headers=resident).status_code == 403
    refused = client.post(f"{here}/uphold", json={"note": " "}, headers=nurse)
    assert refused.json and refused.json["errors"][0]["field"] == "note"
    upheld = client.post(f"{here}/uphold", json={"note": ANSWER.note}, headers=nurse)
    assert upheld.json and upheld.json["state"] == "recorded"
    conflict = client.post(f"{here}/withdraw", headers=nurse)
    assert conflict.json and conflict.json["code"] == "not_disputed"
    client.post(f"{here}/dispute", json={"reason": "还是不对"}, headers=resident)
    again = nurse | {"Idempotency-Key": "withdraw-once"}
    answers = [client.post(f"{here}/withdraw", headers=again) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert answers[0].json and answers[0].json["record_id"] == str(dispute.record_id)
