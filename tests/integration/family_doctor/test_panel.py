"""The panel: who stands how by the rules, what filters show and count, filters that are kept."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, Invalid, NotFound
from directory.public import teams_by_id
from directory.schemas import TeamView
from family_doctor.models import Contract, Obligation, Rule, SavedFilter
from family_doctor.queries.filters import list_filters
from family_doctor.queries.panel import list_panel
from family_doctor.queries.rules import region_code
from family_doctor.schemas import (
    MOST_FILTERS,
    ChangeFilter,
    GivePlan,
    MakeTemplate,
    PanelQuery,
    PanelSort,
    PlanStep,
    PlanTerm,
    RecordFollowUp,
    SaveFilter,
    Standing,
)
from family_doctor.services import plans
from family_doctor.services.filters import change_filter, delete_filter, save_filter
from family_doctor.services.follow_ups import record_follow_up
from family_doctor.services.planning import replan
from residents.models import Person
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, days_ago, make_contract, make_service_record
from tests.factories.follow_ups import GOOD, HIGH, URGENT, join_group, make_norms
from tests.factories.residents import make_person

Browser = Callable[[UUID], FlaskClient]
ELDER, CHILD = date(1944, 5, 1), days_ago(2000)


class Scene:
    """A team with its residents: one of each standing."""

    def __init__(self, session: Session) -> None:
        make_norms(session, "04-F01")
        self.session = session
        self.row, self.leader_id, self.nurse_id = make_team(session)
        self.nurse: Actor = actor_of(session, self.nurse_id)
        self.leader: Actor = actor_of(session, self.leader_id)

    @property
    def team(self) -> TeamView:
        return teams_by_id(self.session, {self.row.id})[self.row.id]

    def signed(self, name: str, days: int, **of_person: Any) -> Contract:
        """A resident whose contract began so many days ago, with nothing owed but by norms."""
        sex = of_person.pop("sex", "female")
        person = make_person(self.session, name=name, **of_person)
        person.sex = sex
        contract = make_contract(self.session, person, self.row, starts_on=days_ago(days))
        contract.signed_at = clock.now() - timedelta(days=days)
        self.session.flush()
        self.excuse(contract)
        return contract

    def excuse(self, contract: Contract) -> None:
        """Nothing is owed any more."""
        owed = update(Obligation).where(Obligation.contract_id == contract.id)
        self.session.execute(owed.values(excused_at=clock.now()))

    def owe(self, contract: Contract, due_on: date, late_after: date) -> None:
        """Owed again is the first promise, on these days."""
        first = select(Obligation.id).where(Obligation.contract_id == contract.id).limit(1)
        owed = update(Obligation).where(Obligation.id.in_(first))
        self.session.execute(
            owed.values(
                excused_at=None, opens_on=due_on, remind_from=due_on, due_on=due_on,
                late_after=late_after,
            )
        )  # fmt: skip

    def follow_up(self, contract: Contract, values: dict[str, Any]) -> None:
        """A follow-up on blood pressure, today."""
        command = RecordFollowUp(person_id=contract.person_id, item_code="F01", values=values)
        record_follow_up(self.session, self.nurse, command)

    def join(self, contract: Contract) -> None:
        """The group of hypertension."""
        person = self.session.get_one(Person, contract.person_id)
        join_group(self.session, person, "04", date(2020, 1, 1))

    def hypertensive(self, name: str) -> Contract:
        """A resident to follow up."""
        contract = self.signed(name, 60)
        self.join(contract)
        replan(self.session, {contract.person_id})
        return contract

    def names(self, **asked: Any) -> list[str]:
        """Who is shown."""
        page = list_panel(self.session, self.team, PanelQuery(**asked))
        return [row.name for row in page.items]

    def counts(self, filter_name: str, **asked: Any) -> dict[str, int]:
        """How many each choice would show."""
        page = list_panel(self.session, self.team, PanelQuery(**asked))
        return {each.value: each.count for each in page.choices[filter_name]}


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


def test_late_and_due_are_told_apart(scene: Scene) -> None:
    today = clock.today()
    late, due = scene.signed("甲", 60), scene.signed("乙", 60)
    later, both = scene.signed("丙", 60), scene.signed("丁", 60)
    scene.owe(late, days_ago(9), days_ago(1))
    scene.owe(due, days_ago(3), today)  # within its grace
    scene.owe(later, today + timedelta(days=8), today + timedelta(days=8))
    scene.owe(both, today + timedelta(days=7), today + timedelta(days=9))
    assert scene.names(standing=Standing.LATE) == ["甲"]
    assert scene.names(standing=Standing.DUE) == ["丁", "乙"]
    assert scene.names(sort=PanelSort.DUE)[:3] == ["甲", "乙", "丁"]
    assert scene.counts("standing") == {
        "": 4, "due": 2, "late": 1, "at_risk": 0, "silent": 0, "new": 0, "ending": 0,
    }  # fmt: skip


def test_the_last_follow_up_says_who_is_at_risk(session: Session, scene: Scene) -> None:
    high, better, urgent = (scene.hypertensive(name) for name in ("高", "好", "急"))
    for contract, first, last in (
        (high, GOOD, HIGH),
        (better, HIGH, GOOD),
        (urgent, GOOD, URGENT),
    ):
        with clock.shifted(timedelta(days=-1)):
            scene.follow_up(contract, first)
        scene.follow_up(contract, last)
    assert sorted(scene.names(standing=Standing.AT_RISK)) == sorted(["高", "急"])
    # Of another team's follow-ups the panel says nothing.
    other, _, _ = make_team(session)
    session.execute(update(Contract).values(team_id=other.id))
    assert scene.names() == []
    view = teams_by_id(session, {other.id})[other.id]
    assert not any(row.at_risk for row in list_panel(session, view, PanelQuery()).items)


def test_silent_is_who_had_no_contact_for_as_long_as_the_rule_says(
    session: Session, scene: Scene
) -> None:
    scene.signed("新", 89)
    scene.signed("久", 91)
    served = scene.signed("见", 200)
    make_service_record(session, served, "T01")
    spoken = scene.signed("话", 200)
    assert sorted(scene.names(standing=Standing.SILENT)) == sorted(["久", "话"])
    template = MakeTemplate(
        team_id=scene.row.id, name="问候", term=PlanTerm.SHORT,
        steps=(PlanStep(words="打电话", offset_days=0),),
    )  # fmt: skip
    made = plans.make_template(session, scene.nurse, template)
    given = GivePlan(template_id=made.id, starts_on=clock.today())
    plans.give_plan(session, scene.nurse, spoken.id, given)
    step = session.scalars(select(Obligation.id).where(Obligation.kind == "plan")).one()
    plans.complete_step(session, scene.nurse, step)
    assert scene.names(standing=Standing.SILENT) == ["久"]
    session.add(
        Rule(
            institution_id=scene.row.institution_id, division_code=region_code(session),
            capacity_per_doctor=9, term_years=1, term_years_max=1, answer_days=1, confirm_days=1,
            expiring_days=1, cooling_off_days=1, dispute_answer_days=1, dispute_decide_days=1,
            silent_days=201,
        )
    )  # fmt: skip
    session.flush()
    assert scene.names(standing=Standing.SILENT) == []


def test_new_and_ending_follow_the_contract(session: Session, scene: Scene) -> None:
    scene.signed("新", 29)
    scene.signed("旧", 31)
    scene.signed("尽", 350)
    renewed = scene.signed("续", 5)
    renewed.kind, renewed.previous_id = "renewal", scene.signed("前", 40).id
    session.flush()
    assert scene.names(standing=Standing.NEW) == ["新"]
    assert scene.names(standing=Standing.ENDING) == ["尽"]
    assert scene.names(sort=PanelSort.END)[0] == "尽"


def test_filters_narrow_together_and_count_each_other(scene: Scene) -> None:
    old = scene.signed("老甲", 60, birth_date=ELDER, sex="female")
    scene.signed("老乙", 60, birth_date=ELDER, sex="male")
    scene.signed("小丙", 60, birth_date=CHILD, sex="male")
    scene.join(old)
    scene.owe(old, days_ago(9), days_ago(1))
    assert scene.names(age_from=65) == ["老乙", "老甲"]
    assert scene.names(age_to=14) == ["小丙"]
    age = clock.today().year - ELDER.year
    assert scene.names(age_from=age + 1) == []
    assert scene.names(group="04") == ["老甲"]
    assert scene.names(pack=old.pack_code, sex="female") == ["老甲"]
    assert scene.names(pack="没有") == []
    assert scene.names(search="老", sort=PanelSort.AGE, limit=1) == ["老乙"]
    # A choice is counted with all other filters kept, and its own left out.
    assert scene.counts("sex", age_from=65, sex="male") == {"female": 1, "male": 1}
    assert scene.counts("group", age_to=14) == {"10": 1}
    assert scene.counts("standing", sex="female", standing=Standing.NEW)["late"] == 1
    assert scene.counts("standing", search="丙")[""] == 1


def test_pages_follow_each_other_in_every_order(scene: Scene) -> None:
    for number in range(5):
        scene.signed(f"居民{number}", 60 + number)
    for sort in PanelSort:
        seen: list[str] = []
        cursor = None
        while True:
            query = PanelQuery(sort=sort, limit=2, cursor=cursor)
            page = list_panel(scene.session, scene.team, query)
            seen += [row.name for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert sorted(seen) == [f"居民{number}" for number in range(5)]
        assert seen == scene.names(sort=sort, limit=100)


def test_a_kept_filter_is_its_owners_until_the_leader_shares_one(
    session: Session, scene: Scene
) -> None:
    wanted = SaveFilter(team_id=scene.row.id, name="风险", standing=Standing.AT_RISK)
    own = save_filter(session, scene.nurse, wanted)
    assert own.filters.asked() == {"standing": "at_risk"}
    assert list_filters(session, scene.leader, scene.team) == []
    with pytest.raises(Denied):
        save_filter(session, scene.nurse, wanted.model_copy(update={"shared": True}))
    shared = save_filter(session, scene.leader, wanted.model_copy(update={"shared": True}))
    shown = list_filters(session, scene.nurse, scene.team)
    assert [(each.name, each.own, each.shared) for each in shown] == [
        ("风险", True, False), ("风险", False, True),
    ]  # fmt: skip
    for actor, kept, command in (
        (scene.nurse, shared, ChangeFilter(name="我的")),
        (scene.nurse, own, ChangeFilter(name="要看的", shared=True)),
        (scene.leader, own, ChangeFilter(name="要看的")),
    ):
        with pytest.raises(Denied):
            change_filter(session, actor, kept.id, command)
    for actor, kept in ((scene.nurse, shared), (scene.leader, own)):
        with pytest.raises(Denied):
            delete_filter(session, actor, kept.id)
    changed = change_filter(session, scene.nurse, own.id, ChangeFilter(name="要看的"))
    assert changed.name == "要看的"
    delete_filter(session, scene.nurse, own.id)
    with pytest.raises(NotFound):
        delete_filter(session, scene.nurse, own.id)
    _, rival, _ = make_team(session)
    with pytest.raises(Denied):
        list_filters(session, actor_of(session, rival), scene.team)


def test_keeping_has_bounds(session: Session, scene: Scene) -> None:
    def keep(name: str, **asked: Any) -> UUID:
        command = SaveFilter(team_id=scene.row.id, name=name, **asked)
        return save_filter(session, scene.nurse, command).id

    with pytest.raises(Invalid):
        keep("空")
    first = keep("一", sex="male")
    assert keep("一", sex="female") == first  # the same name takes its place
    assert session.get_one(SavedFilter, first, populate_existing=True).filters == {"sex": "female"}
    second = keep("二", age_from=65)
    with pytest.raises(Conflict):
        change_filter(session, scene.nurse, second, ChangeFilter(name="一"))
    for number in range(MOST_FILTERS - 2):
        keep(f"第{number}个", age_from=number)
    with pytest.raises(Conflict):
        keep("多了", age_from=1)
    keep("二", age_from=70)


def test_the_pages_show_save_and_use_a_filter(
    session: Session, scene: Scene, signed_in: Browser
) -> None:
    scene.signed("新来", 3, birth_date=ELDER)
    scene.signed("老居民", 60, birth_date=ELDER)
    session.commit()
    leader = signed_in(scene.leader_id)
    page = str(leader.get("/family-doctor/panel?standing=new&age_from=65").text)
    assert "新来" in page
    assert "老居民" not in page
    fields = {
        "team_id": str(scene.row.id), "name": "新来的老人", "standing": "new", "age_from": "65",
        "shared": "true",
    }  # fmt: skip
    kept = leader.post("/family-doctor/panel/filters", data=fields, follow_redirects=True)
    assert "筛选已保存" in kept.text
    assert kept.request.args.to_dict() == {
        "team_id": str(scene.row.id), "standing": "new", "age_from": "65",
    }  # fmt: skip
    refused = leader.post(
        "/family-doctor/panel/filters", data=fields | {"name": ""}, follow_redirects=True
    )
    assert "有些内容需要修改" in refused.text
    nurse = signed_in(scene.nurse_id)
    assert "新来的老人" in nurse.get("/family-doctor/panel").text
    assert "团队长共享的" in nurse.get("/family-doctor/panel/filters").text
    english = leader.get("/family-doctor/panel/filters?lang=en").text
    assert "Shared with the team" in english
    row = session.scalars(select(SavedFilter)).one()
    path = f"/family-doctor/panel/filters/{row.id}"
    renamed = leader.post(path, data={"name": "新老人"}, follow_redirects=True)
    assert "新老人" in renamed.text
    assert "新老人" not in nurse.get("/family-doctor/panel").text
    assert leader.post(f"{path}/delete", follow_redirects=True).status_code == 200
    assert session.scalars(select(SavedFilter)).all() == []


def test_the_api_answers_as_the_page(
    session: Session, scene: Scene, client: FlaskClient, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    scene.signed("新来", 3)
    session.commit()
    headers = bearer(scene.nurse_id)
    base = "/api/v1/family-doctor/panel"
    found = client.get(f"{base}?standing=new", headers=headers).get_json()
    assert [row["name"] for row in found["items"]] == ["新来"]
    assert {each["value"] for each in found["choices"]["standing"]} == {"", *Standing}
    assert client.get(f"{base}?standing=other", headers=headers).status_code == 422
    body = {"team_id": str(scene.row.id), "name": "新的", "standing": "new"}
    made = client.post(f"{base}/filters", json=body, headers=headers)
    assert made.status_code == 201
    path = f"{base}/filters/{made.get_json()['id']}"
    assert client.patch(path, json={"name": "新签"}, headers=headers).get_json()["name"] == "新签"
    listed = client.get(f"{base}/filters", headers=headers).get_json()["items"]
    assert [each["filters"]["standing"] for each in listed] == ["new"]
    assert client.delete(path, headers=headers).status_code == 200
    assert client.delete(path, headers=headers).status_code == 404
