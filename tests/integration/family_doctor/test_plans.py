"""Excuses, plans of the team, events, reminders and the served index."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import clock
from core.access import Role
from core.errors import Conflict, Denied, Invalid, NotFound
from core.ids import new_id
from directory.public import get_team
from family_doctor.models import Obligation
from family_doctor.queries.norms import show_norms
from family_doctor.queries.plans import list_templates
from family_doctor.queries.served import index_of_contract, index_of_team, list_served
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    EndPlan,
    EventKind,
    ExcuseObligation,
    ExcuseReason,
    GivePlan,
    MakeTemplate,
    PlanStep,
    PlanTerm,
    RecordEvent,
    ServedSearch,
    TemplateView,
)
from family_doctor.services import plans
from family_doctor.services.planning import replan
from family_doctor.services.promises import keep_promise
from notifications.models import Message
from service_packs.models import ServiceRecord
from tests.factories.auth import make_account
from tests.factories.directory import CITY, make_team
from tests.factories.family_doctor import actor_of, make_service_record
from tests.factories.follow_ups import join_group
from tests.integration.family_doctor.planned import (
    MOST_STATEMENTS,
    Browser,
    Scene,
    late,
    scene,
)

__all__ = ["late", "scene"]


def test_an_excuse_has_a_reason_that_the_resident_reads(
    session: Session, scene: Scene, signed_in: Browser
) -> None:
    owed = scene.owed(session)[0]
    until = clock.today() + timedelta(days=20)
    command = ExcuseObligation(reason=ExcuseReason.AWAY, until=until, note="去广州打工")
    excused = plans.excuse_obligation(session, scene.actor, owed.id, command)
    assert excused.state == "excused"
    with pytest.raises(Conflict):
        plans.excuse_obligation(session, scene.actor, owed.id, command)
    with pytest.raises(Invalid):
        plans.excuse_obligation(
            session,
            scene.actor,
            scene.owed(session)[1].id,
            ExcuseObligation(reason=ExcuseReason.AWAY, until=clock.today() - timedelta(days=1)),
        )
    with pytest.raises(Denied):
        plans.excuse_obligation(
            session,
            actor_of(session, scene.account.id),
            scene.owed(session)[1].id,
            command,
        )
    session.commit()
    page = signed_in(scene.account.id).get("/family-doctor/mine/plan").get_data(as_text=True)
    assert "外出不在本地" in page
    assert "去广州打工" in page
    told = session.scalars(select(Message.sentence).where(Message.person_id == scene.person.id))
    assert any("不做的原因" in sentence for sentence in told)
    replan(session, {scene.person.id})
    row = next(each for each in scene.owed(session) if each.id == owed.id)
    assert row.excuse_reason == "away"


def test_a_plan_of_the_team_is_dated_done_and_ended(session: Session, scene: Scene) -> None:
    template = scene.template(session)
    with pytest.raises(Conflict):
        scene.template(session)
    start = clock.today()
    given = plans.give_plan(
        session, scene.actor, scene.contract.id, GivePlan(template_id=template, starts_on=start)
    )
    with pytest.raises(Conflict):
        plans.give_plan(
            session,
            scene.actor,
            scene.contract.id,
            GivePlan(template_id=template, starts_on=start),
        )
    with pytest.raises(Invalid):
        plans.give_plan(
            session,
            scene.actor,
            scene.contract.id,
            GivePlan(template_id=template, starts_on=start - timedelta(days=1)),
        )
    steps = scene.owed(session, Obligation.plan_id == given.id)
    assert [(each.due_on - start).days for each in steps] == [3, 14]  # the last is beyond the term
    assert plans.complete_step(session, scene.actor, steps[0].id).state == "done"
    with pytest.raises(Conflict):
        plans.complete_step(session, scene.actor, steps[0].id)
    promised = scene.owed(session, Obligation.kind == "pack")[0]
    with pytest.raises(Conflict):
        plans.complete_step(session, scene.actor, promised.id)
    plans.end_plan(session, scene.actor, given.id, EndPlan(note="已康复"))
    with pytest.raises(Conflict):
        plans.end_plan(session, scene.actor, given.id, EndPlan())
    steps = scene.owed(session, Obligation.plan_id == given.id)
    assert [(each.done_by, each.excuse_reason) for each in steps] == [
        ("nurse", None),
        (None, "plan_ended"),
    ]


def test_a_step_with_a_service_is_settled_by_its_record(session: Session, scene: Scene) -> None:
    template = scene.template(session)
    given = plans.give_plan(
        session,
        scene.actor,
        scene.contract.id,
        GivePlan(template_id=template, starts_on=clock.today()),
    )
    record = make_service_record(session, scene.contract, "T01")
    assert keep_promise(
        session,
        person_id=scene.person.id,
        item_code="T01",
        record_id=record,
        performed_at=clock.now() + timedelta(days=14),
    )
    steps = scene.owed(session, Obligation.plan_id == given.id)
    assert steps[1].service_record_id == record  # due before the pack's own


def test_templates_are_the_teams_own(session: Session, scene: Scene) -> None:
    template = scene.template(session)
    _, stranger, _ = make_team(session)
    with pytest.raises(Denied):
        plans.retire_template(session, actor_of(session, stranger), template)
    assert [each.id for each in _templates(session, scene)] == [template]
    plans.retire_template(session, scene.actor, template)
    assert _templates(session, scene) == []
    with pytest.raises(Invalid):
        plans.make_template(
            session,
            scene.actor,
            MakeTemplate(
                team_id=scene.team.id,
                name="未知",
                term=PlanTerm.SHORT,
                steps=(PlanStep(item_code="Z99", offset_days=1),),
            ),
        )


def test_an_expected_birth_dates_the_visits_and_moves_them(session: Session, scene: Scene) -> None:
    join_group(session, scene.person, "01", clock.today())
    first = clock.today() + timedelta(days=150)
    noted = plans.record_event(
        session,
        scene.actor,
        scene.contract.id,
        RecordEvent(kind=EventKind.EXPECTED_BIRTH, happens_on=first),
    )
    before = {each.slot: each.due_on for each in scene.owed(session, Obligation.item_code == "F04")}
    assert before
    plans.record_event(
        session,
        scene.actor,
        scene.contract.id,
        RecordEvent(kind=EventKind.EXPECTED_BIRTH, happens_on=first),
    )
    plans.withdraw_event(session, scene.actor, noted.id)
    gone = scene.owed(session, Obligation.item_code == "F04", Obligation.excused_at.is_(None))
    assert gone == []
    with pytest.raises(Invalid):
        plans.record_event(
            session,
            scene.actor,
            scene.contract.id,
            RecordEvent(kind=EventKind.BIRTH, happens_on=date(2001, 1, 1)),
        )
    with pytest.raises(NotFound):
        plans.withdraw_event(session, scene.actor, new_id())


def _templates(session: Session, scene: Scene) -> list[TemplateView]:
    units = panel_resource(get_team(session, scene.team.id)).units
    return list_templates(session, scene.actor, scene.team.id, units)


def test_the_index_counts_kept_of_due_and_what_residents_confirmed(
    session: Session, late: Scene
) -> None:
    search = ServedSearch(start=clock.today() - timedelta(days=365))
    assert index_of_contract(session, late.contract.id).model_dump() == {
        "due": 1,
        "kept": 0,
        "late": 0,
        "confirmed": 0,
    }
    record = make_service_record(session, late.contract, "T02")
    last_day = late.owed(session, Obligation.item_code == "T02")[0].late_after
    keep_promise(
        session,
        person_id=late.person.id,
        item_code="T02",
        record_id=record,
        performed_at=clock.at(last_day, 23, 59),
    )
    index = index_of_team(session, late.actor, late.team.id, search)
    assert (index.due, index.kept, index.index, index.confirmed_share) == (1, 1, 1, 0)
    session.execute(update(ServiceRecord).values(state="confirmed", confirmed_at=clock.now()))
    administrator = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
    session.flush()
    rows = list_served(
        session, actor_of(session, administrator.id), late.contract.institution_id, search
    )
    assert [(row.team_id, row.due, row.kept, row.confirmed) for row in rows] == [
        (late.team.id, 1, 1, 1)
    ]
    _, stranger, _ = make_team(session)
    with pytest.raises(Denied):
        index_of_team(session, actor_of(session, stranger), late.team.id, search)


def test_norms_are_shown_to_administrators_only(session: Session, scene: Scene) -> None:
    administrator = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
    session.flush()
    shown = show_norms(session, actor_of(session, administrator.id))
    assert shown
    assert [norm.code for norm in shown.norms] == ["01-F04", "01-F06", "04-F01"]
    assert shown.norms[0].provenance
    with pytest.raises(Denied):
        show_norms(session, scene.actor)


@pytest.mark.parametrize(
    ("who", "path", "zh", "en"),
    [
        ("resident", "/family-doctor/mine/plan", "履约情况", "What was kept"),
        ("nurse", "/family-doctor/panel/{contract}/plan", "现在可以做的", "Team plans"),
        ("nurse", "/family-doctor/panel/{contract}/plans", "预产期", "Start on"),
        ("nurse", "/family-doctor/plan-templates", "新模板", "New template"),
        ("nurse", "/family-doctor/served", "居民确认", "Served index"),
        ("nurse", "/family-doctor/today", "工作清单", "Work"),
        ("admin", "/family-doctor/norms", "待核实", "Follow-up norms"),
        ("admin", "/family-doctor/served/institution?institution_id={institution}", "各团队",
         "Teams"),
        ("admin", "/family-doctor/served/institution", "换机构或时间", "Another institution"),
    ],
)  # fmt: skip
def test_pages_in_both_languages_within_their_statements(
    session: Session,
    late: Scene,
    signed_in: Browser,
    count_statements: Callable[[], Any],
    who: str,
    path: str,
    zh: str,
    en: str,
) -> None:
    administrator = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
    late.template(session)
    join_group(session, late.person, "04", date(2020, 1, 1))
    replan(session, {late.person.id})
    session.commit()
    account = {"resident": late.account.id, "nurse": late.nurse, "admin": administrator.id}[who]
    browser = signed_in(account)
    address = path.format(contract=late.contract.id, institution=late.contract.institution_id)
    both = "&" if "?" in address else "?"
    assert en in browser.get(f"{address}{both}lang=en").get_data(as_text=True)
    assert zh in browser.get(f"{address}{both}lang=zh").get_data(as_text=True)
    with count_statements() as counted:
        assert browser.get(address).status_code == 200
    assert len(counted) <= MOST_STATEMENTS, counted.statements


def test_the_pages_write(session: Session, late: Scene, signed_in: Browser) -> None:
    session.commit()
    nurse = signed_in(late.nurse)
    made = nurse.post(
        "/family-doctor/plan-templates",
        data={
            "team_id": str(late.team.id),
            "name": "出院后三个月",
            "term": "after_discharge",
            "words_0": "电话随访",
            "offset_days_0": "3",
            "item_code_1": "T01",
            "offset_days_1": "30",
        },
        follow_redirects=True,
    ).get_data(as_text=True)
    assert "电话随访" in made
    empty = nurse.post(
        "/family-doctor/plan-templates", data={"team_id": str(late.team.id), "name": "空的"}
    )
    assert empty.status_code == 422
    template = _templates(session, late)[0]
    home = f"/family-doctor/panel/{late.contract.id}"
    given = nurse.post(
        f"{home}/plans",
        data={"template_id": str(template.id), "starts_on": clock.today().isoformat()},
        follow_redirects=True,
    ).get_data(as_text=True)
    assert "计划已安排" in given
    step = late.owed(session, Obligation.kind == "plan")[0]
    done = nurse.post(f"{home}/plan/{step.id}/complete", follow_redirects=True)
    assert "已记为完成" in done.get_data(as_text=True)
    owed = late.owed(session, Obligation.kind == "pack")[0]
    excused = nurse.post(
        f"{home}/plan/{owed.id}/excuse", data={"reason": "in_hospital"}, follow_redirects=True
    )
    assert "正在住院" in excused.get_data(as_text=True)
    noted = nurse.post(
        f"{home}/events",
        data={"kind": "discharge", "happens_on": clock.today().isoformat()},
        follow_redirects=True,
    )
    assert "随访日期已按它安排" in noted.get_data(as_text=True)
    assert "出院" in nurse.get(f"{home}/plans").get_data(as_text=True)
    wrong = nurse.post(f"{home}/plans", data={"starts_on": "x"})
    assert wrong.status_code == 422
    resident = signed_in(late.account.id)
    box = 'name="sms" value="true" checked'
    assert box in resident.get("/family-doctor/mine/plan").get_data(as_text=True)
    saved = resident.post("/family-doctor/mine/reminders", data={}, follow_redirects=True)
    assert box not in saved.get_data(as_text=True)
    shown = nurse.get("/family-doctor/served?start=2026-01-01").get_data(as_text=True)
    assert 'value="2026-01-01"' in shown
    assert "已记下您的选择" in saved.get_data(as_text=True)
