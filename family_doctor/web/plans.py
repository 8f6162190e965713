"""What is owed to a resident, for both sides; what the team decides; its plan templates."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from core import clock
from core.access import Role, require
from core.database import transaction
from core.errors import Conflict
from core.paging import PageQuery
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.actions import attempt
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.writes import write
from family_doctor.models import Contract
from family_doctor.queries import team as teams
from family_doctor.queries.contracts import (
    contract_resource,
    find_contract_of,
    promised,
    read_contract,
)
from family_doctor.queries.follow_ups import (
    follow_ups_of,
    list_own_follow_ups,
)
from family_doctor.queries.norms import events_of
from family_doctor.queries.plans import list_templates, plans_of, wants_sms
from family_doctor.queries.served import index_of_contract
from family_doctor.schemas import (
    Action,
    ChooseReminders,
    EndPlan,
    EventView,
    ExcuseObligation,
    FollowUpSearch,
    GivePlan,
    MakeTemplate,
    ObligationState,
    ObligationView,
    PanelSearch,
    PlanAction,
    PlanStep,
    PlanView,
    RecordEvent,
    TemplateView,
)
from family_doctor.services import plans as services
from family_doctor.states import IN_FORCE
from family_doctor.web import care_words, wording
from residents.public import family_of, name_of_other, people_by_id
from residents.schemas import Scope
from service_packs.public import item_names

TEAM = (Role.LEADER, Role.MEMBER)
RECENT = PageQuery(limit=10)
# How many rows the page for a new template offers, and how many of them are open at first.
STEP_ROWS = 8
FIRST_ROWS = 3
NOW = (ObligationState.OVERDUE, ObligationState.OPEN)
pages = Blueprint("family_doctor_plans", __name__, url_prefix="/family-doctor")
C = TypeVar("C", bound=BaseModel)
M = TypeVar("M", bound=BaseModel)


@pages.context_processor
def name_things() -> dict[str, object]:
    """Give the templates the words and the day."""
    return {"wording": wording, "words": care_words, "today": clock.today()}


@pages.get("/mine/plan")
@open_to(SIGNED_IN)
def mine() -> ResponseReturnValue:
    """All that is owed to me, what was excused and why, and what was found at follow-ups; or the
    same of a member of the family.
    """
    actor = current_actor()
    whose = read_query(FollowUpSearch).person_id
    search = FollowUpSearch(person_id=whose, limit=RECENT.limit)
    with transaction() as session:
        found = list_own_follow_ups(session, actor, search).items
        family = family_of(session, actor, Scope.SEE_RECORDS) if whose else []
        person_id = whose or actor.person_id
        contract = find_contract_of(session, person_id) if person_id else None
        in_force = contract is not None and contract.state in IN_FORCE
        owed = promised(session, contract.id) if contract and in_force else []
        index = index_of_contract(session, contract.id) if contract and in_force else None
        sms = wants_sms(session, actor.person_id) if actor.person_id else True
        acting_for = name_of_other(session, actor, whose)
    return render_template(
        "family_doctor/care/own_plan.html",
        groups=_grouped(owed),
        index=index,
        found=found,
        family=family,
        whose=whose,
        acting_for=acting_for,
        choice=blank(ChooseReminders, sms=sms),
    )


@pages.post("/mine/reminders")
@open_to(SIGNED_IN)
def reminders() -> ResponseReturnValue:
    """Whether reminders also come by SMS."""
    command = ChooseReminders(sms=request.form.get("sms") == "true")
    write(
        ChooseReminders,
        lambda session: services.choose_reminders(session, current_actor(), command),
    )
    flash(gettext("已记下您的选择。"), "good")
    return redirect(url_for("family_doctor_plans.mine"))


@pages.get("/panel/<uuid:contract_id>/plan")
@open_to(*TEAM)
def plan(contract_id: UUID) -> ResponseReturnValue:
    """All that is owed to a resident of the team."""
    return _plan_page(contract_id, blank(ExcuseObligation))


@pages.get("/panel/<uuid:contract_id>/plans")
@open_to(*TEAM)
def more(contract_id: UUID) -> ResponseReturnValue:
    """Plans of the team and events; the page of what is owed takes them from here."""
    return _more_page(contract_id, blank(GivePlan))


@pages.post("/panel/<uuid:contract_id>/plan/<uuid:obligation_id>/excuse")
@open_to(*TEAM)
def excuse(contract_id: UUID, obligation_id: UUID) -> ResponseReturnValue:
    """Say why something is not done."""
    return _do(
        contract_id,
        ExcuseObligation,
        ObligationView,
        lambda session, command: services.excuse_obligation(
            session, current_actor(), obligation_id, command
        ),
        gettext("原因已记下，居民会收到消息。"),
    )


@pages.post("/panel/<uuid:contract_id>/plan/<uuid:obligation_id>/complete")
@open_to(*TEAM)
def complete(contract_id: UUID, obligation_id: UUID) -> ResponseReturnValue:
    """A step of a plan is done."""
    try:
        write(
            ObligationView,
            lambda session: services.complete_step(session, current_actor(), obligation_id),
        )
    except Conflict as error:
        form = blank(ExcuseObligation)
        form.fail(error)
        return _plan_page(contract_id, form)
    flash(gettext("已记为完成。"), "good")
    return redirect(url_for("family_doctor_plans.plan", contract_id=contract_id))


@pages.post("/panel/<uuid:contract_id>/plans")
@open_to(*TEAM)
def give(contract_id: UUID) -> ResponseReturnValue:
    """Give a template to the resident."""
    return _do(
        contract_id,
        GivePlan,
        PlanView,
        lambda session, command: services.give_plan(session, current_actor(), contract_id, command),
        gettext("计划已安排，居民会收到消息。"),
    )


@pages.post("/panel/<uuid:contract_id>/plans/<uuid:plan_id>/end")
@open_to(*TEAM)
def end(contract_id: UUID, plan_id: UUID) -> ResponseReturnValue:
    """End a plan early."""
    return _do(
        contract_id,
        EndPlan,
        PlanView,
        lambda session, command: services.end_plan(session, current_actor(), plan_id, command),
        gettext("计划已结束，没做的几步不再要求。"),
    )


@pages.post("/panel/<uuid:contract_id>/events")
@open_to(*TEAM)
def note_event(contract_id: UUID) -> ResponseReturnValue:
    """Note an expected birth, a birth, a discharge or a notice."""
    return _do(
        contract_id,
        RecordEvent,
        EventView,
        lambda session, command: services.record_event(
            session, current_actor(), contract_id, command
        ),
        gettext("已记下，随访日期已按它安排。"),
    )


@pages.post("/panel/<uuid:contract_id>/events/<uuid:event_id>/withdraw")
@open_to(*TEAM)
def withdraw_event(contract_id: UUID, event_id: UUID) -> ResponseReturnValue:
    """Take an event back."""
    write(EventView, lambda session: services.withdraw_event(session, current_actor(), event_id))
    flash(gettext("已撤回，由它安排的随访不再要求。"), "good")
    return redirect(url_for("family_doctor_plans.plan", contract_id=contract_id))


@pages.get("/plan-templates")
@open_to(*TEAM)
def templates() -> ResponseReturnValue:
    """The team's templates, and a new one."""
    return _templates_page(read_query(PanelSearch).team_id, blank(MakeTemplate))


@pages.post("/plan-templates")
@open_to(*TEAM)
def make_template() -> ResponseReturnValue:
    """Make a template of the rows that were filled in."""
    form = read_form(MakeTemplate, steps=_typed_steps())
    made = attempt(
        form,
        TemplateView,
        lambda session, command: services.make_template(session, current_actor(), command),
    )
    if made is None:
        asked = form.values.get("team_id", "")
        return _templates_page(UUID(asked) if len(asked) == UUID_LENGTH else None, form)
    flash(gettext("计划模板已保存，可以在居民的页面使用。"), "good")
    return redirect(url_for("family_doctor_plans.templates", team_id=made.team_id))


@pages.post("/plan-templates/<uuid:template_id>/retire")
@open_to(*TEAM)
def retire_template(template_id: UUID) -> ResponseReturnValue:
    """Take a template out of use."""
    retired = write(
        TemplateView,
        lambda session: services.retire_template(session, current_actor(), template_id),
    )
    flash(gettext("模板已停用，已安排的计划不受影响。"), "good")
    return redirect(url_for("family_doctor_plans.templates", team_id=retired.team_id))


UUID_LENGTH = 36


def _typed_steps() -> list[dict[str, object]]:
    """The rows of the page in which anything was written."""
    rows: list[dict[str, object]] = []
    for number in range(STEP_ROWS):
        typed = {
            name: request.form.get(f"{name}_{number}", "").strip()
            for name in ("item_code", "words", "offset_days", "window_days")
        }
        if typed["item_code"] or typed["words"]:
            rows.append({name: value for name, value in typed.items() if value})
    return rows


def _do(
    contract_id: UUID,
    command: type[C],
    answer: type[M],
    work: Callable[[Session, C], M],
    done: str,
) -> ResponseReturnValue:
    form = read_form(command)
    if attempt(form, answer, work) is None:
        wrong = _plan_page if command is ExcuseObligation else _more_page
        return wrong(contract_id, form)
    flash(done, "good")
    return redirect(url_for("family_doctor_plans.plan", contract_id=contract_id))


def _grouped(owed: Sequence[ObligationView]) -> dict[str, list[ObligationView]]:
    """By what there is to do: now, later, done, excused."""
    return {
        "now": [each for each in owed if each.state in NOW],
        "later": [each for each in owed if each.state is ObligationState.UPCOMING],
        "excused": [
            each for each in owed if each.state is ObligationState.EXCUSED and each.excuse_reason
        ],
        "done": sorted(
            (each for each in owed if each.state is ObligationState.DONE),
            key=lambda each: each.done_at or clock.now(),
            reverse=True,
        ),
    }


def _plan_page(contract_id: UUID, form: Form[C]) -> ResponseReturnValue:
    with transaction() as session:
        row = _row(session, contract_id)
        person = people_by_id(session, {row.person_id})[row.person_id]
        owed = promised(session, contract_id)
        found = follow_ups_of(session, row.person_id, RECENT).items
    page = render_template(
        "family_doctor/care/plan.html",
        contract_id=contract_id,
        in_force=row.state in IN_FORCE,
        person=person,
        groups=_grouped(owed),
        found=found,
        form=form,
    )
    return page, form.status


def _more_page(contract_id: UUID, form: Form[C]) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        row = _row(session, contract_id)
        person = people_by_id(session, {row.person_id})[row.person_id]
        plans = plans_of(session, contract_id)
        events = events_of(session, row.person_id)
        templates = list_templates(session, actor, row.team_id, contract_resource(row).units)
    page = render_template(
        "family_doctor/care/plan_more.html",
        contract_id=contract_id,
        person=person,
        plans=plans,
        events=events,
        templates=templates,
        form=form,
    )
    return page, form.status


def _row(session: Session, contract_id: UUID) -> Contract:
    """The contract of a resident whom the actor's team serves, not of the actor themself."""
    row = read_contract(session, current_actor(), Action.READ_CONTRACT, contract_id)
    require(session, current_actor(), PlanAction.SERVE, contract_resource(row))
    return row


def _templates_page(team_id: UUID | None, form: Form[MakeTemplate]) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        own = teams.teams_worked_in(session, actor)
        team = teams.require_team(session, actor, own, team_id)
        templates = list_templates(session, actor, team.id, teams.panel_resource(team).units)
        items = item_names(session)
    page = render_template(
        "family_doctor/care/templates.html",
        team=team,
        teams=own,
        templates=templates,
        items=items,
        first_rows=range(FIRST_ROWS),
        more_rows=range(FIRST_ROWS, STEP_ROWS),
        window=PlanStep.model_fields["window_days"].default,
        form=form,
    )
    return page, form.status
