"""A resident's page for the team, part by part: what each shows, to whom, within few statements."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from core import clock
from family_doctor.models import Contract, FollowUp
from family_doctor.schemas import RecordFollowUp
from family_doctor.services.follow_ups import record_follow_up
from family_doctor.services.planning import replan
from residents.models import Person
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, make_contract
from tests.factories.follow_ups import HIGH, join_group, make_norms
from tests.factories.residents import make_consent, make_person, make_resident, number_of

Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[Any]]
MOST_STATEMENTS = 9
PARTS = ("", "/care", "/people", "/visits")


class Scene:
    """A resident with high blood pressure under contract, followed up once."""

    def __init__(self, session: Session) -> None:
        make_norms(session, "04-F01")
        self.account, self.person = make_resident(session)
        join_group(session, self.person, "04", date(2020, 1, 1))
        self.team, self.leader, self.nurse = make_team(session)
        self.contract: Contract = make_contract(session, self.person, self.team)
        replan(session, {self.person.id})
        command = RecordFollowUp(person_id=self.person.id, item_code="F01", values=HIGH)
        record_follow_up(session, actor_of(session, self.nurse), command)
        session.commit()
        self.home = f"/family-doctor/panel/{self.contract.id}"


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_the_parts_stand_in_few_statements(
    session: Session, scene: Scene, signed_in: Browser, count_statements: Counting
) -> None:
    nurse = signed_in(scene.nurse)
    page = nurse.get(scene.home).text
    for part in PARTS[1:]:
        assert f'hx-get="{scene.home}{part}"' in page
    for part in PARTS:
        nurse.get(scene.home + part)
        with count_statements() as statements:
            assert nurse.get(scene.home + part).status_code == 200
        own = [each for each in statements.statements if "notifications_message" not in each]
        assert len(own) <= MOST_STATEMENTS, (part, own)


def test_follow_ups_say_what_was_measured(
    session: Session, scene: Scene, signed_in: Browser
) -> None:
    nurse = signed_in(scene.nurse)
    page = nurse.get(f"{scene.home}/care").text
    assert "控制不满意" in page
    assert "152 mmHg" in page
    assert "应做" in page
    assert "Not controlled" in nurse.get(f"{scene.home}/care?lang=en").text
    nurse.get(f"{scene.home}/care?lang=zh")
    # What another team found is that team's.
    other, _, _ = make_team(session)
    session.execute(update(FollowUp).values(team_id=other.id))
    session.commit()
    assert "152 mmHg" not in nurse.get(f"{scene.home}/care").text


def test_who_acts_and_the_labels_with_their_source(
    session: Session, scene: Scene, signed_in: Browser
) -> None:
    daughter = make_person(session, name="示例女儿")
    make_consent(session, scene.person, daughter)
    session.commit()
    nurse = signed_in(scene.nurse)
    page = nurse.get(f"{scene.home}/people").text
    assert "示例女儿" in page
    assert "由本人授权" in page
    assert number_of(daughter) not in page
    assert "高血压" in page
    person = session.get_one(Person, scene.person.id)
    person.birth_date = clock.today() - timedelta(days=2000)
    mother = make_person(session, name="示例母亲")
    mother.household_id = person.household_id
    session.commit()
    child = nurse.get(f"{scene.home}/people").text
    assert "示例母亲" in child
    assert "孩子的监护人" in child


def test_the_parts_are_the_teams_alone(session: Session, scene: Scene, signed_in: Browser) -> None:
    _, rival, _ = make_team(session)
    session.commit()
    for part in PARTS:
        assert signed_in(rival).get(scene.home + part).status_code == 403
        assert signed_in(scene.account.id).get(scene.home + part).status_code == 403
    # A contract that is over opens no labels any more.
    contract = session.get_one(Contract, scene.contract.id)
    contract.state, contract.ended_at, contract.end_reason = "terminated", clock.now(), "moved"
    session.commit()
    nurse = signed_in(scene.nurse)
    assert nurse.get(f"{scene.home}/people").status_code == 403
    assert "/people" not in nurse.get(scene.home).text
