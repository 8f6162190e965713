"""Recording follow-ups: values checked, emergencies told at once, the next date, both sides."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.access import Actor
from core.database import transaction
from core.errors import Conflict, Denied, Invalid
from directory.models import Staff
from family_doctor.models import Contract, FollowUp, Obligation
from family_doctor.queries.team import list_work
from family_doctor.schemas import Reclassify, RecordFollowUp, WorkSearch
from family_doctor.services.follow_ups import reclassify, record_follow_up, see_to_emergency
from family_doctor.services.planning import replan
from notifications.models import Message
from service_packs.models import ServiceRecord
from service_packs.schemas import DisputeRecord
from service_packs.services.disputes import withdraw_record
from service_packs.services.records import dispute_record
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, make_contract
from tests.factories.follow_ups import GOOD, HIGH, URGENT, join_group, make_norms
from tests.factories.residents import make_person, make_resident

Browser = Callable[[UUID], FlaskClient]


class Scene:
    """A resident with hypertension, their contract, and the team."""

    def __init__(self, session: Session) -> None:
        make_norms(session, "04-F01", "04-S07")
        self.account, self.person = make_resident(session)
        join_group(session, self.person, "04", date(2020, 1, 1))
        self.team, self.leader, self.nurse = make_team(session)
        self.contract: Contract = make_contract(session, self.person, self.team)
        replan(session, {self.person.id})
        self.actor: Actor = actor_of(session, self.nurse)

    def command(self, values: dict[str, Any], **more: Any) -> RecordFollowUp:
        """A follow-up with these values."""
        return RecordFollowUp(person_id=self.person.id, item_code="F01", values=values, **more)

    def owed(self, session: Session) -> list[Obligation]:
        """What is owed of it, by date."""
        session.expire_all()
        query = select(Obligation).where(
            Obligation.contract_id == self.contract.id, Obligation.item_code == "F01"
        )
        return list(session.scalars(query.order_by(Obligation.due_on)).all())


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_a_good_one_keeps_the_promise_and_the_rhythm(session: Session, scene: Scene) -> None:
    found = record_follow_up(session, scene.actor, scene.command(GOOD))
    assert (found.result, found.emergency, found.referral) == ("controlled", False, False)
    assert found.next_on == clock.today() + timedelta(days=90)
    owed = scene.owed(session)
    assert [each.service_record_id for each in owed] == [found.service_record_id, None, None, None]
    told = session.scalars(select(Message.sentence).where(Message.person_id == scene.person.id))
    assert any("随访结果已登记" in sentence for sentence in told)


def test_values_lie_encrypted(session: Session, scene: Scene) -> None:
    record_follow_up(session, scene.actor, scene.command(GOOD | {"other_signs": "无殊"}))
    raw = session.scalar(text("SELECT document FROM family_doctor_follow_up"))
    assert raw
    assert "无殊".encode() not in bytes(raw)


def test_a_high_one_is_seen_again_within_a_fortnight(session: Session, scene: Scene) -> None:
    found = record_follow_up(session, scene.actor, scene.command(HIGH))
    assert found.result == "uncontrolled"
    due = clock.today() + timedelta(days=14)
    assert found.next_on == due
    extra = [each for each in scene.owed(session) if each.slot.startswith("r")]
    assert [(each.due_on, each.opens_on) for each in extra] == [
        (due, clock.today() + timedelta(days=1))
    ]
    with clock.shifted(timedelta(days=10)):
        due_soon = list_work(session, scene.team.id, WorkSearch()).items
        last = {each.due_on: (each.result, each.emergency) for each in due_soon}
        assert last[due] == ("uncontrolled", False)
        again = record_follow_up(session, scene.actor, scene.command(HIGH))
        assert again.referral  # the second time running
        rows = {each.slot: each for each in scene.owed(session)}
        assert rows[extra[0].slot].service_record_id == again.service_record_id
        assert sum(each.done_at is not None for each in rows.values()) == 2


def test_an_emergency_is_told_to_the_leader_at_once(session: Session, scene: Scene) -> None:
    chief = make_person(session, name="团队长本人")
    session.get_one(Account, scene.leader).person_id = chief.id
    session.flush()
    found = record_follow_up(session, scene.actor, scene.command(URGENT))
    assert found.emergency
    assert found.referral
    assert [name for name, _ in found.emergencies][:2] == [
        "收缩压 ≥ 180 mmHg",
        "舒张压 ≥ 110 mmHg",
    ]
    assert found.next_on == clock.today() + timedelta(days=14)
    message = session.scalars(select(Message).where(Message.person_id == chief.id)).one()
    assert "危急" in message.sentence
    assert scene.person.name not in message.sentence
    assert str(found.id) in message.link
    see_to_emergency(session, scene.actor, found.id)
    session.expire_all()
    row = session.get_one(FollowUp, found.id)
    first = row.seen_at
    see_to_emergency(session, actor_of(session, scene.leader), found.id)
    session.expire_all()
    assert session.get_one(FollowUp, found.id).seen_at == first


def test_impossible_is_refused_and_unusual_asked_about(session: Session, scene: Scene) -> None:
    with pytest.raises(Invalid) as refused:
        record_follow_up(session, scene.actor, scene.command(GOOD | {"sbp": 1280, "salt": "x"}))
    assert set(refused.value.fields) == {"sbp", "salt"}
    with pytest.raises(Invalid) as missing:
        record_follow_up(session, scene.actor, scene.command({"sbp": 120}))
    assert {"dbp", "adherence", "adr", "visit_way"} == set(missing.value.fields)
    odd = GOOD | {"heart_rate": 140}
    with pytest.raises(Invalid) as asked:
        record_follow_up(session, scene.actor, scene.command(odd))
    assert asked.value.code == "unusual_values"
    assert record_follow_up(session, scene.actor, scene.command(odd, confirmed=True))
    assert session.scalar(select(func.count()).select_from(FollowUp)) == 1
    assert session.scalar(select(func.count()).select_from(ServiceRecord)) == 1


def test_the_next_date_may_be_earlier_but_not_later_than_the_rule(
    session: Session, scene: Scene
) -> None:
    late = clock.today() + timedelta(days=30)
    with pytest.raises(Invalid) as refused:
        record_follow_up(session, scene.actor, scene.command(HIGH, next_on=late))
    assert refused.value.code == "next_too_late"
    early = clock.today() + timedelta(days=5)
    found = record_follow_up(session, scene.actor, scene.command(HIGH, next_on=early))
    assert found.next_on == early


def test_a_doctor_corrects_the_class_with_a_reason(session: Session, scene: Scene) -> None:
    found = record_follow_up(session, scene.actor, scene.command(HIGH))
    change = Reclassify(result="controlled", reason="家庭自测均值 126/78")
    with pytest.raises(Conflict):  # a nurse does not
        reclassify(session, scene.actor, found.id, change)
    leader = actor_of(session, scene.leader)
    session.scalars(
        select(Staff).where(Staff.account_id == scene.leader)
    ).one().profession = "doctor"
    session.flush()
    with pytest.raises(Invalid):
        reclassify(session, leader, found.id, Reclassify(result="stable", reason="不适用"))
    corrected = reclassify(session, leader, found.id, change)
    assert (corrected.computed, corrected.result) == ("uncontrolled", "controlled")
    assert corrected.result_by == leader.name
    extra = [each for each in scene.owed(session) if each.slot.startswith("r")]
    assert [each.excuse_reason for each in extra] == ["superseded"]


def test_the_doctors_second_uncontrolled_in_a_row_refers(session: Session, scene: Scene) -> None:
    session.scalars(
        select(Staff).where(Staff.account_id == scene.leader)
    ).one().profession = "doctor"
    record_follow_up(session, scene.actor, scene.command(HIGH))
    worse = Reclassify(result="uncontrolled", reason="家庭自测均值 165/98")
    with clock.shifted(timedelta(days=14)):
        second = record_follow_up(session, scene.actor, scene.command(GOOD))
        assert not second.referral
        leader = actor_of(session, scene.leader)
        assert reclassify(session, leader, second.id, worse).referral


def test_only_the_own_team_records_and_nobody_for_themself(session: Session, scene: Scene) -> None:
    _, stranger, _ = make_team(session)
    with pytest.raises(Denied):
        record_follow_up(session, actor_of(session, stranger), scene.command(GOOD))
    scene.account.person_id = None
    session.flush()
    session.get_one(Account, scene.nurse).person_id = scene.person.id
    session.flush()
    with pytest.raises(Denied):
        record_follow_up(session, actor_of(session, scene.nurse), scene.command(GOOD))


def test_withdrawing_a_disputed_record_takes_its_findings_along(
    session: Session, scene: Scene, run_jobs: Callable[[], int]
) -> None:
    found = record_follow_up(session, scene.actor, scene.command(HIGH))
    resident = actor_of(session, scene.account.id)
    dispute_record(session, resident, found.service_record_id, DisputeRecord(reason="没有来过"))
    withdraw_record(session, scene.actor, found.service_record_id)
    session.commit()
    run_jobs()
    assert session.scalar(select(func.count()).select_from(FollowUp)) == 0
    owed = scene.owed(session)
    assert all(each.done_at is None for each in owed)
    extra = [each for each in owed if each.slot.startswith("r")]
    assert [each.excuse_reason for each in extra] == ["superseded"]


def test_the_pages_of_both_sides(session: Session, scene: Scene, signed_in: Browser) -> None:
    session.commit()
    nurse, resident = signed_in(scene.nurse), signed_in(scene.account.id)
    path = f"/family-doctor/panel/{scene.contract.id}/follow-ups/F01"
    for language, heading in (("zh", "高血压患者随访"), ("en", "Hypertension follow-up")):
        assert heading in nurse.get(f"{path}?lang={language}").get_data(as_text=True)
    nurse.get(f"{path}?lang=zh")
    wrong = nurse.post(path, data=URGENT | {"sbp": "1860", "medications": "氨氯地平 5mg"})
    assert wrong.status_code == 422
    body = wrong.get_data(as_text=True)
    assert 'value="1860"' in body
    assert "氨氯地平 5mg</textarea>" in body
    assert 'value="headache" checked' in body
    done = nurse.post(path, data=URGENT, follow_redirects=True).get_data(as_text=True)
    assert "危急情况，请立即处理" in done
    assert f"/appointments/referrals/new?person_id={scene.person.id}" in done
    today = nurse.get("/family-doctor/today").get_data(as_text=True)
    assert "随访结果危急" in today
    found = session.scalars(select(FollowUp.id)).one()
    own = resident.get(f"/family-doctor/follow-ups/{found}").get_data(as_text=True)
    assert "这次结果需要马上到医院处理" in own
    assert "核对：确认属实或提出异议" in own
    assert "更正分级" not in own
    plan = resident.get("/family-doctor/mine/plan").get_data(as_text=True)
    assert f"/family-doctor/follow-ups/{found}" in plan
    stranger, _ = make_resident(session)
    session.commit()
    assert signed_in(stranger.id).get(f"/family-doctor/follow-ups/{found}").status_code == 403


def test_the_api_records_once_by_its_key(
    session: Session,
    scene: Scene,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    session.commit()
    headers = bearer(scene.nurse) | {"Idempotency-Key": "follow-up-1"}
    body = scene.command(GOOD).model_dump(mode="json")
    path = "/api/v1/family-doctor/follow-ups"
    first, again = (client.post(path, json=body, headers=headers) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.get_json()["id"] == again.get_json()["id"]
    assert session.scalar(select(func.count()).select_from(FollowUp)) == 1
    forms = client.get("/api/v1/family-doctor/follow-up-forms", headers=headers).get_json()
    assert {form["code"] for form in forms["forms"]} >= {"hypertension", "diabetes"}
    refused = client.post(
        path, json=body | {"values": GOOD | {"sbp": 9999}}, headers=bearer(scene.nurse)
    )
    assert refused.status_code == 422
    own = client.get(path, headers=bearer(scene.account.id)).get_json()
    assert len(own["items"]) == 1


@pytest.mark.usefixtures("committed_database")
def test_two_records_at_once_settle_two_obligations(committed_database: Engine) -> None:
    with transaction() as session:
        scene = Scene(session)

    def record(_: int) -> UUID:
        with transaction() as session:
            return record_follow_up(session, scene.actor, scene.command(GOOD)).service_record_id

    def plan(_: int) -> None:
        with transaction() as session:
            replan(session, {scene.person.id})

    # By then one was missed and the next is open.
    with clock.shifted(timedelta(days=120)), ThreadPoolExecutor(4) as pool:
        plans = pool.map(plan, range(2))
        records = set(pool.map(record, range(2)))
        list(plans)
    with transaction() as session:
        settled = {each.service_record_id for each in scene.owed(session) if each.done_at}
        assert settled == records
        assert len(records) == 2
