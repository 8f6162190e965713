"""Renewing long-term medicines: what may be asked for, the doctor's answer, kin, and time."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.models import AuditEvent
from family_doctor.models import Medicine, Refill
from family_doctor.services.refills import pass_on_refills
from family_doctor.states import State
from notifications.models import Message
from residents.models import Person
from tests.factories.auth import make_account
from tests.factories.directory import make_team
from tests.factories.family_doctor import days_ago, make_contract
from tests.factories.refills import (
    make_follow_up,
    make_medicine,
    make_prescription_rules,
    make_refill,
)
from tests.factories.residents import make_consent, make_person, make_resident

BASE = "/api/v1/family-doctor"
Bearer = Callable[[UUID], dict[str, str]]
ASSESSMENT = "血压达标三个月，依从性好，已交代复诊"


class Scene:
    """A resident with a stable disease and a medicine, and the team: leader and nurse."""

    def __init__(self, session: Session) -> None:
        make_prescription_rules(session)
        self.account, self.person = make_resident(session)
        self.team, self.leader, self.nurse = make_team(session)
        self.contract = make_contract(session, self.person, self.team, starts_on=days_ago(60))
        self.medicine = make_medicine(session, self.contract)
        self.doctor = make_person(session, name="团队长")
        session.get_one(Account, self.leader).person_id = self.doctor.id
        session.commit()

    def ask(self, client: FlaskClient, headers: dict[str, str], **body: str) -> Any:
        return client.post(
            f"{BASE}/medicines/{self.medicine.id}/refills", json=body, headers=headers
        )


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def told(session: Session, person: Person) -> list[str]:
    query = select(Message).where(Message.person_id == person.id).order_by(Message.id)
    return [each.sentence for each in session.scalars(query)]


def test_a_resident_asks_and_the_doctor_renews(
    client: FlaskClient, session: Session, bearer: Bearer, scene: Scene
) -> None:
    make_follow_up(session, scene.contract)
    session.commit()
    own, doctor = bearer(scene.account.id), bearer(scene.leader)
    listed = client.get(f"{BASE}/medicines", headers=own).json
    assert listed
    assert [(each["name"], each["hurdles"]) for each in listed["items"]] == [
        (scene.medicine.name, [])
    ]
    made = scene.ask(client, own, note="早上有点头晕")
    assert (made.status_code, made.json["state"]) == (201, "waiting")
    assert len(told(session, scene.doctor)) == 1
    again = scene.ask(client, own)
    assert (again.status_code, again.json["code"]) == (409, "waiting")
    path = f"{BASE}/refills/{made.json['id']}"
    waiting = client.get(f"{BASE}/refills?team_id={scene.team.id}", headers=doctor).json
    assert waiting
    assert [each["note"] for each in waiting["items"]] == ["早上有点头晕"]
    answer = {"decision": "renewed", "days": 28}
    nurse = client.post(f"{path}/decide", json=answer, headers=bearer(scene.nurse)).json
    assert nurse
    assert nurse["code"] == "not_a_doctor"
    given = client.post(f"{path}/decide", json=answer, headers=doctor).json
    assert given
    assert (given["state"], given["days"]) == ("renewed", 28)
    assert "同意续开" in told(session, scene.person)[-1]
    twice = client.post(f"{path}/decide", json=answer, headers=doctor).json
    assert twice
    assert twice["code"] == "refill_moved"
    session.expire_all()
    until = clock.today() + timedelta(days=28)
    assert session.get_one(Medicine, scene.medicine.id).runs_out_on == until
    early = scene.ask(client, own).json
    assert early["code"] == "too_early"
    shown = client.get(f"{BASE}/medicines", headers=own).json
    assert shown
    assert shown["items"][0]["askable_on"] == (until - timedelta(days=7)).isoformat()


@pytest.mark.parametrize(
    ("found", "hurdle"),
    [
        (None, "no_follow_up"),
        ({"days_ago": 91}, "old_follow_up"),
        ({"result": "uncontrolled"}, "not_in_control"),
        ({"emergency": True}, "emergency"),
    ],
)
def test_what_is_not_stable_is_not_asked_for(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    scene: Scene,
    found: dict[str, Any] | None,
    hurdle: str,
) -> None:
    if found is not None:
        make_follow_up(session, scene.contract, **found)
        session.commit()
    own = bearer(scene.account.id)
    refused = scene.ask(client, own)
    assert (refused.status_code, refused.json["code"]) == (409, hurdle)
    listed = client.get(f"{BASE}/medicines", headers=own).json
    assert listed
    assert listed["items"][0]["hurdles"][0] == hurdle


def test_excluded_classes_and_the_uncontracted_are_refused(
    client: FlaskClient, session: Session, bearer: Bearer, scene: Scene
) -> None:
    make_follow_up(session, scene.contract)
    own = bearer(scene.account.id)
    scene.medicine.class_code = "psychotropic"
    session.commit()
    assert scene.ask(client, own).json["code"] == "drug_class"
    scene.medicine.class_code = "antihypertensive"
    scene.contract.state, scene.contract.ended_at = State.TERMINATED, clock.now()
    scene.contract.end_reason = "moved"
    session.commit()
    assert scene.ask(client, own).json["code"] == "no_contract"


def test_a_renewal_stands_by_what_is_known_now(
    client: FlaskClient, session: Session, bearer: Bearer, scene: Scene
) -> None:
    make_follow_up(session, scene.contract)
    refill = make_refill(session, scene.medicine, scene.contract)
    make_follow_up(session, scene.contract, days_ago=0, result="uncontrolled")
    session.commit()
    path, doctor = f"{BASE}/refills/{refill.id}/decide", bearer(scene.leader)
    renewed = client.post(path, json={"decision": "renewed", "days": 28}, headers=doctor).json
    assert renewed
    assert renewed["code"] == "not_in_control"
    long = {"decision": "changed", "days": 56, "dose": "每天早上 2 片"}
    bare = client.post(path, json=long, headers=doctor)
    assert (bare.status_code, bare.json and bare.json["code"]) == (422, "no_assessment")
    said = long | {"assessment": ASSESSMENT}
    changed = client.post(path, json=said, headers=doctor).json
    assert changed
    assert (changed["state"], changed["new_dose"], changed["confirmed_at"]) == (
        "changed", "每天早上 2 片", None,
    )  # fmt: skip
    session.expire_all()
    assert session.get_one(Medicine, scene.medicine.id).dose == "每天早上 2 片"
    assert session.get_one(Refill, refill.id).dose == "每天早上 1 片"
    confirm = f"{BASE}/refills/{refill.id}/confirm"
    first = client.post(confirm, headers=bearer(scene.account.id)).json
    second = client.post(confirm, headers=bearer(scene.account.id)).json
    assert first
    assert first == second
    assert first["confirmed_at"]


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"decision": "renewed"}, "days"),
        ({"decision": "changed", "days": 28}, "dose"),
        ({"decision": "refused"}, "reason"),
        ({"decision": "renewed", "days": 85}, "days"),
    ],
)
def test_an_answer_says_what_it_must(
    client: FlaskClient,
    session: Session,
    bearer: Bearer,
    scene: Scene,
    answer: dict[str, Any],
    field: str,
) -> None:
    refill = make_refill(session, scene.medicine, scene.contract)
    session.commit()
    path = f"{BASE}/refills/{refill.id}/decide"
    refused = client.post(path, json=answer, headers=bearer(scene.leader))
    assert refused.status_code == 422
    assert refused.json
    assert [each["field"] for each in refused.json["errors"]] == [field]


def test_a_daughter_asks_for_her_mother_who_is_told(
    client: FlaskClient, session: Session, bearer: Bearer, scene: Scene
) -> None:
    make_follow_up(session, scene.contract)
    account, daughter = make_resident(session, name="女儿", birth_date=date(1985, 1, 1))
    consent = make_consent(session, scene.person, daughter, ["book"])
    session.commit()
    hers = bearer(account.id)
    assert scene.ask(client, hers).status_code == 403
    consent.scopes = ["renew"]
    session.commit()
    made = scene.ask(client, hers).json
    assert (made["for_another"], made["asked_by"]) == (True, account.display_name)
    assert "为您申请了续开长期用药" in told(session, scene.person)[-1]
    acting = select(AuditEvent.acting_for).where(AuditEvent.action == "family_doctor:ask-refill")
    assert scene.person.id in set(session.scalars(acting))
    path = f"{BASE}/refills/{made['id']}"
    visit = {"decision": "visit", "reason": "请来量血压"}
    client.post(f"{path}/decide", json=visit, headers=bearer(scene.leader))
    assert "来面诊" in told(session, daughter)[-1]
    read = client.get(path, headers=hers).json
    assert read
    assert read["reason"] == "请来量血压"
    consent.ended_at, consent.ended_by = clock.now(), "person"
    session.commit()
    assert client.get(path, headers=hers).status_code == 403


def test_nobody_prescribes_for_themself_or_for_family(
    client: FlaskClient, session: Session, bearer: Bearer, scene: Scene
) -> None:
    refill = make_refill(session, scene.medicine, scene.contract)
    make_consent(session, scene.person, scene.doctor, ["renew"])
    session.commit()
    answer = {"decision": "refused", "reason": "自己的家人"}
    path = f"{BASE}/refills/{refill.id}/decide"
    assert client.post(path, json=answer, headers=bearer(scene.leader)).status_code == 403
    other = make_team(session)[1]
    session.commit()
    assert client.post(path, json=answer, headers=bearer(other)).status_code == 403
    stranger = make_account(session, name="路人")
    session.commit()
    assert client.get(path[: -len("/decide")], headers=bearer(stranger.id)).status_code == 403


def test_unanswered_it_goes_to_the_leader_and_then_ends(session: Session, scene: Scene) -> None:
    past = clock.now() - timedelta(hours=1)
    refill = make_refill(session, scene.medicine, scene.contract, answer_by=past)
    other = make_refill(
        session, make_medicine(session, scene.contract), scene.contract, state="withdrawn"
    )
    assert pass_on_refills(session) == 1
    session.expire_all()
    assert (refill.state, other.state) == ("escalated", "withdrawn")
    assert refill.answer_by > clock.now()
    assert "已转给团队长" in told(session, scene.person)[-1]
    assert "已转给您" in told(session, scene.doctor)[-1]
    assert pass_on_refills(session) == 0
    refill.answer_by = past
    session.flush()
    assert pass_on_refills(session) == 1
    session.expire_all()
    assert refill.state == "expired"
    assert "已自动结束" in told(session, scene.person)[-1]


def test_a_doctor_keeps_the_list(
    client: FlaskClient, session: Session, bearer: Bearer, scene: Scene
) -> None:
    entry = {
        "person_id": str(scene.person.id),
        "class_code": "oral_hypoglycaemic",
        "name": "盐酸二甲双胍片",
        "dose": "每天两次，每次 1 片",
        "supply_days": 28,
        "since": "2025-02-01",
    }
    path, doctor = f"{BASE}/medicines", bearer(scene.leader)
    assert client.post(path, json=entry, headers=bearer(scene.account.id)).status_code == 403
    nurse = client.post(path, json=entry, headers=bearer(scene.nurse)).json
    assert nurse
    assert nurse["code"] == "not_a_doctor"
    unknown = client.post(path, json=entry | {"class_code": "x"}, headers=doctor).json
    assert unknown
    assert unknown["code"] == "unknown_class"
    made = client.post(path, json=entry, headers=doctor)
    assert made.status_code == 201
    assert made.json
    raw = text("SELECT name, dose FROM family_doctor_medicine WHERE id = :id")
    for stored in session.execute(raw, {"id": made.json["id"]}).one():
        assert "二甲双胍".encode() not in bytes(stored)
        assert "每天".encode() not in bytes(stored)
    refill = make_refill(session, scene.medicine, scene.contract)
    session.commit()
    end = f"{path}/{scene.medicine.id}/end"
    held = client.post(end, headers=doctor).json
    assert held
    assert held["code"] == "refill_waiting"
    client.post(f"{BASE}/refills/{refill.id}/withdraw", headers=bearer(scene.account.id))
    ended = client.post(end, headers=doctor).json
    assert ended
    assert ended["ended_at"]
    assert scene.ask(client, bearer(scene.account.id)).json["code"] == "medicine_ended"
