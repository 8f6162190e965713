"""Disputes about contracts, their deadlines and decisions; and the rules, by API and pages."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.access import Role
from core.errors import Conflict, Denied
from family_doctor.jobs import advance_disputes
from family_doctor.models import Dispute
from family_doctor.queries.disputes import get_dispute
from family_doctor.queries.refunds import get_refund
from family_doctor.schemas import (
    AnswerDispute,
    DecideDispute,
    DisputeState,
    DisputeView,
    EndReason,
    OpenDispute,
    RefundRule,
    Subject,
    TerminateContract,
)
from family_doctor.services import contracts as signing
from family_doctor.services import disputes as services
from notifications.models import Message
from residents.models import Person
from tests.factories.auth import make_account
from tests.factories.directory import CITY
from tests.factories.family_doctor import actor_of
from tests.factories.residents import make_person
from tests.integration.family_doctor.machine import PERSON_FEN, World, check

BASE = "/api/v1/family-doctor"
Bearer = Callable[[UUID], dict[str, str]]
Browser = Callable[[UUID], FlaskClient]


@pytest.fixture
def world(session: Session) -> World:
    return World.make(session)


def opened(world: World, subject: Subject = Subject.NOT_SERVED) -> DisputeView:
    contract = world.signed()
    command = OpenDispute(subject=subject, text="签约三个月没有人上门")
    return services.open_dispute(world.session, world.resident, contract.id, command)


def test_upheld_makes_the_whole_part_due_also_after_leaving(world: World, session: Session) -> None:
    dispute = opened(world)
    leader, decide = world.sides[0].leader, DecideDispute(upheld=True, reason="没有服务记录")
    with pytest.raises(Conflict):  # the team may still answer
        services.decide_dispute(session, world.administrator, dispute.id, decide)
    with pytest.raises(Denied):
        services.answer_dispute(
            session, world.sides[1].leader, dispute.id, AnswerDispute(answer="不是我们的居民")
        )
    services.answer_dispute(session, leader, dispute.id, AnswerDispute(answer="人手不够，下周补"))
    for actor in (leader, world.resident):
        with pytest.raises(Denied):
            services.decide_dispute(session, actor, dispute.id, decide)
    decided = services.decide_dispute(session, world.administrator, dispute.id, decide)
    assert (decided.state, decided.refund_fen) == (DisputeState.UPHELD, PERSON_FEN)
    for actor in (leader, world.resident, world.administrator):
        assert get_dispute(session, actor, dispute.id) == decided
    with clock.shifted(timedelta(days=60)):
        command = TerminateContract(reason=EndReason.OWN_WISH)
        signing.terminate_contract(session, world.resident, dispute.contract_id, command)
        refund = get_refund(session, world.resident, dispute.contract_id)
        assert (refund.rule, refund.refund_fen) == (RefundRule.TEAM_FAILED, PERSON_FEN)
        assert refund.settled
        check(world)


def test_the_calendar_passes_on_what_lies(world: World, session: Session) -> None:
    dispute = opened(world)
    session.commit()
    with clock.shifted(timedelta(days=5, minutes=-1)):
        advance_disputes()
        assert get_dispute(session, world.resident, dispute.id).state is DisputeState.OPEN
    with clock.shifted(timedelta(days=5, minutes=1)):
        advance_disputes()
        advance_disputes()
        session.expire_all()
        passed = get_dispute(session, world.resident, dispute.id)
        assert passed.state is DisputeState.UNANSWERED
        assert passed.decide_by
        command = DecideDispute(upheld=False, reason="团队的记录齐全")
        done = services.decide_dispute(session, world.administrator, dispute.id, command)
        assert (done.state, done.refund_fen) == (DisputeState.DISMISSED, None)
    links = session.scalars(select(Message.link).where(Message.link.contains("disputes")))
    assert len(list(links)) == 3


def test_one_at_a_time_and_withdrawn(world: World, session: Session) -> None:
    dispute = opened(world)
    command = OpenDispute(subject=Subject.CHARGED_WRONGLY, text="多收了一次检查费")
    with pytest.raises(Conflict) as refusal:
        services.open_dispute(session, world.resident, dispute.contract_id, command)
    assert refusal.value.code == "dispute_exists"
    services.withdraw_dispute(session, world.resident, dispute.id)
    assert services.open_dispute(session, world.resident, dispute.contract_id, command).id
    ended = OpenDispute(subject=Subject.ENDED_AGAINST_WILL, text="我没有要求解约")
    with pytest.raises(Conflict) as refusal:
        services.open_dispute(session, world.resident, dispute.contract_id, ended)
    assert refusal.value.code == "not_ended"


def test_what_was_written_is_sealed(world: World, session: Session) -> None:
    opened(world)
    stored = session.connection().exec_driver_sql("SELECT text FROM family_doctor_dispute")
    assert "上门".encode() not in bytes(stored.scalar_one())
    assert session.scalars(select(Dispute)).one().text == "签约三个月没有人上门"


def test_by_the_api(client: FlaskClient, session: Session, bearer: Bearer, world: World) -> None:
    contract = world.signed()
    session.commit()
    own, leads = bearer(world.resident.account_id), bearer(world.sides[0].leader.account_id)
    admin = bearer(world.administrator.account_id)
    path = f"{BASE}/contracts/{contract.id}"
    assert client.get(f"{path}/refund", headers=leads).json["rule"] == "cooling_off"  # type: ignore[index]
    assert client.post(f"{path}/renew", json={}, headers=own).json["code"] == "not_yet_renewable"  # type: ignore[index]
    wish = {"team_id": str(world.sides[1].team.id)}
    asked = client.post(f"{path}/change", json=wish, headers=own)
    assert (asked.status_code, asked.json["kind"]) == (201, "change_team")  # type: ignore[index]
    kept = client.post(f"{path}/withdraw-change", headers=own)
    assert kept.json["state"] == "active"  # type: ignore[index]
    said = {"subject": "charged_wrongly", "text": "多收了一次检查费"}
    dispute = client.post(f"{path}/disputes", json=said, headers=own).json
    assert dispute
    one = f"{BASE}/disputes/{dispute['id']}"
    assert client.get(f"{BASE}/disputes?to_decide=true", headers=admin).json["items"]  # type: ignore[index]
    assert client.get(f"{BASE}/disputes", headers=own).json["items"]  # type: ignore[index]
    assert client.post(f"{one}/answer", json={"answer": "已退还多收的"}, headers=leads).json
    decided = client.post(
        f"{one}/decide", json={"upheld": True, "reason": "确有多收"}, headers=admin
    )
    assert decided.status_code == 422  # a reason of four characters says too little
    reason = {"upheld": True, "reason": "确实多收了一次"}
    assert client.post(f"{one}/decide", json=reason, headers=admin).json["state"] == "upheld"  # type: ignore[index]
    assert client.post(f"{one}/decide", json=reason, headers=leads).status_code == 403


def test_rules_by_api_and_pages(
    client: FlaskClient, session: Session, bearer: Bearer, signed_in: Browser, world: World
) -> None:
    account = make_account(session, name="区域管理员", roles={Role.ADMINISTRATOR: [CITY]})
    session.commit()
    admin = bearer(account.id)
    assert client.get(f"{BASE}/rules", headers=admin).json == {"items": []}
    made = client.post(f"{BASE}/rules", json={}, headers=admin)
    assert (made.status_code, made.json["cooling_off_days"]) == (201, 7)  # type: ignore[index]
    assert client.post(f"{BASE}/rules", json={}, headers=admin).json["code"] == "rule_exists"  # type: ignore[index]
    rule = made.json
    assert rule
    names = ("capacity_per_doctor", "term_years", "term_years_max", "answer_days", "confirm_days",
             "expiring_days", "dispute_answer_days", "dispute_decide_days", "version")  # fmt: skip
    wanted = {name: rule[name] for name in names} | {"cooling_off_days": 10, "estimate": False}
    path = f"{BASE}/rules/{rule['id']}"
    assert client.put(path, json=wanted, headers=admin).json["version"] == 2  # type: ignore[index]
    assert client.put(path, json=wanted, headers=admin).json["code"] == "stale_version"  # type: ignore[index]
    history = client.get(f"{path}/history", headers=admin).json
    assert history
    assert history["items"][0]["changes"]["cooling_off_days"] == [7, 10]
    county = bearer(world.administrator.account_id)
    assert client.put(path, json=wanted, headers=county).status_code == 403
    own = {"institution_id": str(world.sides[0].team.institution_id)}
    assert client.post(f"{BASE}/rules", json=own, headers=county).json["cooling_off_days"] == 10  # type: ignore[index]
    browser = signed_in(account.id)
    page = browser.get("/family-doctor/rules/").get_data(as_text=True)
    assert "全区域" in page
    shown = browser.get(f"/family-doctor/rules/{rule['id']}").get_data(as_text=True)
    assert "7 → 10" in shown
    short = {**wanted, "version": 2, "term_years": 3, "term_years_max": 1}
    refused = browser.post(f"/family-doctor/rules/{rule['id']}", data=short)
    assert refused.status_code == 422
    assert "最长期限不能比通常期限短" in refused.get_data(as_text=True)


def test_the_pages_of_a_resident_and_both_deciders(
    session: Session, signed_in: Browser, world: World
) -> None:
    contract = world.signed()
    session.commit()
    resident = signed_in(world.resident.account_id)
    path = f"/family-doctor/contracts/{contract.id}"
    leaving = resident.get(f"{path}/leave").get_data(as_text=True)
    assert "冷静期内" in leaving
    assert "¥10" in leaving or "10.00" in leaving
    assert world.sides[1].team.name in resident.get(f"{path}/change").get_data(as_text=True)
    asked = resident.post(f"{path}/change", data={"team_id": str(world.sides[1].team.id)})
    assert asked.status_code == 303
    assert "等待团队答复" in resident.get("/family-doctor/mine").get_data(as_text=True)
    other = signed_in(world.sides[1].leader.account_id)
    assert "换团队" in other.get("/family-doctor/applications").get_data(as_text=True)
    assert resident.post(f"{path}/withdraw-change").status_code == 303
    said = {"subject": "not_served", "text": "签约以后没有人联系"}
    one = resident.post(f"{path}/dispute", data=said)
    assert one.status_code == 303
    leader = signed_in(world.sides[0].leader.account_id)
    assert "签了约没有得到服务" in leader.get("/family-doctor/disputes").get_data(as_text=True)
    answered = leader.post(f"{one.location}/answer", data={"answer": "下周三上门补做"})
    assert answered.status_code == 303
    admin = signed_in(world.administrator.account_id)
    assert one.location in admin.get("/family-doctor/disputes/to-decide").get_data(as_text=True)
    decided = admin.post(
        f"{one.location}/decide", data={"upheld": "true", "reason": "确实没有记录"}
    )
    assert decided.status_code == 303
    for browser in (resident, leader, admin):
        assert "确实没有记录" in browser.get(one.location).get_data(as_text=True)
    with clock.shifted(timedelta(days=340)):
        resident = signed_in(world.resident.account_id)
        renewal = resident.get(f"{path}/renew").get_data(as_text=True)
        assert "一键续签" in renewal
        assert resident.post(f"{path}/renew").status_code == 303
        assert "续签" in resident.get("/family-doctor/mine?lang=zh").get_data(as_text=True)
    ending = leader.get(f"/family-doctor/panel/{contract.id}/terminate").get_data(as_text=True)
    assert "应退还居民的" in ending


def test_the_leader_and_then_the_administrators_are_told(world: World, session: Session) -> None:
    leads, decides = make_person(session, name="团队长"), make_person(session, name="管理员")
    session.get_one(Account, world.sides[0].leader.account_id).person_id = leads.id
    session.get_one(Account, world.administrator.account_id).person_id = decides.id
    session.flush()

    def told(person: Person) -> list[str]:
        query = select(Message.sentence).where(Message.person_id == person.id)
        return list(session.scalars(query.order_by(Message.id)))

    dispute = opened(world)
    assert [each for each in told(leads) if "异议" in each] == [services.TO_LEADER]
    assert told(decides) == []
    with clock.shifted(timedelta(days=6)):
        services.pass_on_unanswered(session)
        assert told(leads)[-1] == services.LATE_FOR_LEADER
        assert told(decides) == [services.TO_DECIDE_UNANSWERED]
        late = AnswerDispute(answer="已经补上服务了")
        services.answer_dispute(session, world.sides[0].leader, dispute.id, late)
        assert told(decides) == [services.TO_DECIDE_UNANSWERED]


def test_undecided_it_goes_to_the_next_above(
    world: World, session: Session, signed_in: Browser
) -> None:
    people = {name: make_person(session, name=name) for name in ("团队长", "县管理员", "市管理员")}
    session.get_one(Account, world.sides[0].leader.account_id).person_id = people["团队长"].id
    session.get_one(Account, world.administrator.account_id).person_id = people["县管理员"].id
    top = make_account(session, name="市管理员", roles={Role.ADMINISTRATOR: [CITY]})
    top.person_id = people["市管理员"].id
    city = actor_of(session, top.id)
    dispute = opened(world)
    own = world.sides[0]
    services.answer_dispute(
        session, own.leader, dispute.id, AnswerDispute(answer="人手不够，下周补")
    )
    session.commit()
    people["居民"] = session.get_one(Person, world.resident.person_id)
    said: dict[str, list[str]] = {}

    def told() -> dict[str, list[str]]:
        """What each was told since the last time."""
        fresh = {}
        for name, person in people.items():
            query = select(Message.sentence).where(Message.person_id == person.id)
            every = list(session.scalars(query.order_by(Message.id)))
            if new := every[len(said.get(name, [])) :]:
                fresh[name] = new
            said[name] = every
        return fresh

    told()
    decide = DecideDispute(upheld=False, reason="团队的记录齐全")
    with clock.shifted(timedelta(days=11)):
        advance_disputes()
        assert told() == {}
    with clock.shifted(timedelta(days=13)):
        advance_disputes()
        advance_disputes()
        session.expire_all()
        assert told() == {"县管理员": [services.REMINDER]}
    with clock.shifted(timedelta(days=15, minutes=1)):
        advance_disputes()
        advance_disputes()
        session.expire_all()
        late = get_dispute(session, city, dispute.id)
        assert (late.state, late.decider) == (DisputeState.ESCALATED, CITY)
        assert late.answer
        assert late.late_since
        assert told() == {
            "居民": [services.LATE_FOR_RESIDENT],
            "团队长": [services.LATE_FOR_TEAM],
            "县管理员": [services.TAKEN_UP],
            "市管理员": [services.ESCALATED],
        }
        with pytest.raises(Denied):
            services.decide_dispute(session, world.administrator, dispute.id, decide)
        below, above = signed_in(world.administrator.account_id), signed_in(top.id)
        listed = below.get("/family-doctor/disputes/to-decide").get_data(as_text=True)
        assert "逾期未裁定，已交上级" in listed
        page = f"/family-doctor/disputes/{dispute.id}"
        assert "没有按时裁定" in below.get(page).get_data(as_text=True)
        assert "记录裁定" not in below.get(page).get_data(as_text=True)
        assert "记录裁定" in above.get(page).get_data(as_text=True)
    with clock.shifted(timedelta(days=22, minutes=2)):
        advance_disputes()
        session.expire_all()
        # There is nobody above: the city stays, and is told again.
        assert told()["市管理员"] == [services.AT_THE_TOP]
        done = services.decide_dispute(session, city, dispute.id, decide)
        assert done.state is DisputeState.DISMISSED
