"""The pages of long-term medicines: the resident's, the family's and the team's."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account
from family_doctor.models import Contract, Medicine, Refill
from residents.models import Person
from tests.factories.directory import make_team
from tests.factories.family_doctor import days_ago, make_contract
from tests.factories.refills import (
    make_follow_up,
    make_medicine,
    make_prescription_rules,
    make_refill,
)
from tests.factories.residents import make_consent, make_resident
from tests.integration.family_doctor.planned import MOST_STATEMENTS

Browser = Callable[[UUID], FlaskClient]
PAGES = "/family-doctor"


class Scene:
    """A resident in control with a medicine, and the leader of the team."""

    def __init__(self, session: Session) -> None:
        make_prescription_rules(session)
        account, person = make_resident(session)
        self.account: Account = account
        self.person: Person = person
        self.team, self.leader, self.nurse = make_team(session)
        self.contract: Contract = make_contract(session, person, self.team, starts_on=days_ago(60))
        self.medicine: Medicine = make_medicine(session, self.contract)
        make_follow_up(session, self.contract)
        session.commit()


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_from_the_list_to_the_answer(signed_in: Browser, session: Session, scene: Scene) -> None:
    own, doctor = signed_in(scene.account.id), signed_in(scene.leader)
    assert "申请续方" in own.get(f"{PAGES}/medicines").text
    ask = f"{PAGES}/medicines/{scene.medicine.id}/refill"
    assert scene.medicine.dose in own.get(ask).text
    sent = own.post(ask, data={"note": "一切都好"}, follow_redirects=True)
    assert "申请已送到团队" in sent.text
    assert "已经申请" in own.get(f"{PAGES}/medicines").text
    refill = session.scalars(select(Refill)).one()
    assert scene.person.name in doctor.get(f"{PAGES}/refills").text
    assert scene.person.name in doctor.get(f"{PAGES}/today").text
    page = f"{PAGES}/refills/{refill.id}"
    assert "控制满意" in doctor.get(page).text
    empty = doctor.post(f"{page}/decide", data={"decision": "renewed"})
    assert (empty.status_code, "请填写这一项" in empty.text) == (422, True)
    data = {"decision": "renewed", "days": "42", "assessment": "达标，依从性好"}
    assert "答复已发给居民" in doctor.post(f"{page}/decide", data=data, follow_redirects=True).text
    assert "我已读过并确认" in own.get(page).text
    assert "已记下您的确认" in own.post(f"{page}/confirm", follow_redirects=True).text
    assert scene.medicine.name in own.get(f"{PAGES}/medicines/requests").text
    assert scene.person.name in doctor.get(f"{PAGES}/refills?closed=true").text


def test_what_cannot_be_asked_for_says_what_to_do(
    signed_in: Browser, session: Session, scene: Scene
) -> None:
    make_follow_up(session, scene.contract, days_ago=0, result="uncontrolled")
    session.commit()
    page = signed_in(scene.account.id).get(f"{PAGES}/medicines").text
    assert "最近一次随访还没有控制好" in page
    assert f"/appointments/hospitals/{scene.contract.institution_id}" in page


def test_the_family_and_a_withdrawal(signed_in: Browser, session: Session, scene: Scene) -> None:
    account, daughter = make_resident(session, name="女儿")
    make_consent(session, scene.person, daughter, ["renew", "see_records"])
    session.commit()
    hers = signed_in(account.id)
    assert scene.person.name in hers.get(f"{PAGES}/medicines").text
    listed = hers.get(f"{PAGES}/medicines?person_id={scene.person.id}").text
    assert scene.medicine.name in listed
    # Whose page it is stands on each that shows another's.
    bar = f"正在为 {scene.person.name} 办理"
    packs, doctors = "/packs/mine", f"{PAGES}/medicines/requests"
    for path in (doctors, f"{PAGES}/mine/plan", packs, f"{packs}/records"):
        assert bar not in hers.get(path).text
        assert bar in hers.get(f"{path}?person_id={scene.person.id}").text, path
    assert bar in listed
    hers.post(f"{PAGES}/medicines/{scene.medicine.id}/refill", data={})
    refill = session.scalars(select(Refill)).one()
    page = f"{PAGES}/refills/{refill.id}"
    assert "家人代办" in signed_in(scene.account.id).get(page).text
    gone = signed_in(scene.account.id).post(f"{page}/withdraw", follow_redirects=True)
    assert "申请已撤回" in gone.text


def test_the_team_enters_and_stops(signed_in: Browser, session: Session, scene: Scene) -> None:
    page = f"{PAGES}/panel/{scene.contract.id}/medicines"
    doctor = signed_in(scene.leader)
    data = {"name": "阿托伐他汀钙片", "class_code": "lipid_lowering", "dose": "每晚 1 片",
            "supply_days": "28", "since": "2025-01-02"}  # fmt: skip
    assert "已登记" in doctor.post(page, data=data, follow_redirects=True).text
    assert "阿托伐他汀钙片" in doctor.get(page).text
    assert "登记长期用药" not in signed_in(scene.nurse).get(page).text
    stopped = doctor.post(f"{page}/{scene.medicine.id}/end", follow_redirects=True)
    assert "已停用" in stopped.text


def test_pages_ask_little_of_the_database(
    signed_in: Browser, session: Session, scene: Scene, count_statements: Callable[[], Any]
) -> None:
    for number in range(5):
        medicine = make_medicine(session, scene.contract, name=f"药{number}号")
        make_refill(session, medicine, scene.contract)
    session.commit()
    own, doctor = signed_in(scene.account.id), signed_in(scene.leader)
    for browser, path in (
        (own, "medicines"),
        (own, "medicines/requests"),
        (doctor, "refills"),
        (doctor, "today"),
        (doctor, f"panel/{scene.contract.id}/medicines"),
    ):
        browser.get(f"{PAGES}/{path}")
        with count_statements() as statements:
            assert browser.get(f"{PAGES}/{path}").status_code == 200
        assert len(statements) <= MOST_STATEMENTS, (path, len(statements))
