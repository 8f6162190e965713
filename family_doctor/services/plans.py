"""What a team decides itself: why something is not done, plans of its own, what starts a norm."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from directory.public import get_team
from family_doctor.models import (
    CareEvent,
    Contract,
    Obligation,
    Plan,
    PlanTemplate,
    ReminderChoice,
)
from family_doctor.obligations import Window
from family_doctor.queries.contracts import contract_resource, obligation_view
from family_doctor.queries.plans import view_plan
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    ChooseReminders,
    EndPlan,
    EventView,
    ExcuseObligation,
    ExcuseReason,
    GivePlan,
    MakeTemplate,
    ObligationView,
    Origin,
    PlanAction,
    PlanStep,
    PlanView,
    RecordEvent,
    TemplateView,
)
from family_doctor.services.planning import replan
from family_doctor.states import IN_FORCE
from notifications.public import notify_with_carers
from service_packs.public import item_names

LINK = "/family-doctor/mine/plan"
EXCUSED = N_("%(team)s说明了“%(item)s”这次不做的原因，请打开查看。")
GIVEN = N_("%(team)s为您安排了“%(plan)s”，请打开查看日期。")
SETTLED = N_("这一项刚有变化，请刷新页面后再办理。")
# How long an event may lie ahead or back and still start something.
FURTHEST = timedelta(days=400)


def excuse_obligation(
    session: Session, actor: Actor, obligation_id: UUID, command: ExcuseObligation
) -> ObligationView:
    """Say why an obligation is not kept; the resident is told and reads it.

    Raises NotFound, Denied, Invalid (a day that is over) and Conflict ``obligation_settled``.
    """
    contract = _contract_of(session, actor, obligation_id)
    if command.until is not None and command.until < clock.today():
        raise Invalid("until_over", fields={"until": N_("这一天已经过去，请检查。")})
    excused = session.scalar(
        update(Obligation)
        .where(
            Obligation.id == obligation_id,
            Obligation.done_at.is_(None),
            Obligation.excused_at.is_(None),
        )
        .values(
            excused_at=clock.now(),
            excused_by=actor.name,
            excused_until=command.until,
            excuse_reason=command.reason,
            excuse_note=command.note,
        )
        .returning(Obligation)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if excused is None:
        raise Conflict("obligation_settled", SETTLED)
    values = {
        "team": get_team(session, contract.team_id).name,
        "item": excused.item_name,
        "item_en": excused.item_name_en,
    }
    _tell(session, contract.person_id, EXCUSED, values)
    return obligation_view(excused)


def complete_step(session: Session, actor: Actor, obligation_id: UUID) -> ObligationView:
    """Say that a step of a plan was done. Raises NotFound, Denied and Conflict
    ``obligation_settled`` (also for what only a service record settles).
    """
    _contract_of(session, actor, obligation_id)
    done = session.scalar(
        update(Obligation)
        .where(
            Obligation.id == obligation_id,
            Obligation.kind == Origin.PLAN,
            Obligation.done_at.is_(None),
            Obligation.excused_at.is_(None),
        )
        .values(done_at=clock.now(), done_by=actor.name)
        .returning(Obligation)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if done is None:
        raise Conflict("obligation_settled", SETTLED)
    return obligation_view(done)


def make_template(session: Session, actor: Actor, command: MakeTemplate) -> TemplateView:
    """A team's new template. Raises NotFound, Denied, Invalid (an unknown service) and Conflict
    ``template_exists``.
    """
    team = get_team(session, command.team_id)
    require(session, actor, PlanAction.MANAGE_PLANS, panel_resource(team))
    known = item_names(session)
    if any(step.item_code and step.item_code not in known for step in command.steps):
        raise Invalid("unknown_service", fields={"steps": N_("请从列出的服务中选择。")})
    steps = sorted(command.steps, key=lambda step: step.offset_days)
    row = insert(PlanTemplate).values(
        id=new_id(),
        team_id=team.id,
        name=command.name,
        term=command.term,
        steps=[step.model_dump() for step in steps],
        created_at=clock.now(),
        created_by=actor.name,
    )
    made = session.scalar(row.on_conflict_do_nothing().returning(PlanTemplate))
    if made is None:
        raise Conflict("template_exists", N_("团队已有同名的计划模板，请换一个名称。"))
    return TemplateView.model_validate(made)


def retire_template(session: Session, actor: Actor, template_id: UUID) -> TemplateView:
    """Take a template out of use; plans that were made of it go on. Raises NotFound or Denied."""
    template = _template(session, actor, template_id)
    session.execute(
        update(PlanTemplate)
        .where(PlanTemplate.id == template_id, PlanTemplate.retired_at.is_(None))
        .values(retired_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    return TemplateView.model_validate(template)


def give_plan(session: Session, actor: Actor, contract_id: UUID, command: GivePlan) -> PlanView:
    """Give a template to a resident: its steps are dated from ``starts_on``, as far as the contract
    reaches.

    Raises NotFound, Denied, Invalid (a start outside the contract) and Conflict ``plan_running``.
    """
    contract = _held(session, actor, contract_id)
    template = _template(session, actor, command.template_id)
    steps = [PlanStep.model_validate(step) for step in template.steps]
    start, end = contract.starts_on, contract.ends_on
    if start is None or end is None or not start <= command.starts_on <= end:
        raise Invalid("outside_contract", fields={"starts_on": N_("开始日期要在签约期内。")})
    running = select(Plan.id).where(
        Plan.contract_id == contract_id, Plan.template_id == template.id, Plan.ended_at.is_(None)
    )
    if session.scalar(running.where(Plan.starts_on == command.starts_on)):
        raise Conflict("plan_running", N_("这位居民已经有这份从同一天开始的计划。"))
    plan = Plan(
        id=new_id(),
        template_id=template.id,
        contract_id=contract_id,
        person_id=contract.person_id,
        team_id=contract.team_id,
        division_code=contract.division_code,
        name=template.name,
        term=template.term,
        starts_on=command.starts_on,
        created_by=actor.name,
    )
    session.add(plan)
    session.flush()
    rows = list(_steps(session, contract, plan, steps, end))
    if rows:
        session.execute(insert(Obligation), rows)
    values = {"team": get_team(session, contract.team_id).name, "plan": plan.name}
    _tell(session, contract.person_id, GIVEN, values)
    return view_plan(plan)


def end_plan(session: Session, actor: Actor, plan_id: UUID, command: EndPlan) -> PlanView:
    """End a plan early: what is not done is excused. Raises NotFound, Denied and Conflict
    ``plan_ended``.
    """
    found = session.get(Plan, plan_id)
    if found is None:
        raise NotFound()
    _held(session, actor, found.contract_id)
    now = clock.now()
    ended = session.scalar(
        update(Plan)
        .where(Plan.id == plan_id, Plan.ended_at.is_(None))
        .values(ended_at=now, ended_by=actor.name, end_note=command.note)
        .returning(Plan)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if ended is None:
        raise Conflict("plan_ended", N_("这份计划已经结束。"))
    session.execute(
        update(Obligation)
        .where(
            Obligation.plan_id == plan_id,
            Obligation.done_at.is_(None),
            Obligation.excused_at.is_(None),
        )
        .values(excused_at=now, excused_by=actor.name, excuse_reason=ExcuseReason.PLAN_ENDED)
        .execution_options(synchronize_session=False)
    )
    return view_plan(ended)


def record_event(
    session: Session, actor: Actor, contract_id: UUID, command: RecordEvent
) -> EventView:
    """Note what starts a norm; of the same event told twice the first stays.

    Raises NotFound, Denied and Invalid (too far away).
    """
    contract = _held(session, actor, contract_id)
    if abs(command.happens_on - clock.today()) > FURTHEST:
        raise Invalid("too_far", fields={"happens_on": N_("日期相差太远，请检查。")})
    row = insert(CareEvent).values(
        id=new_id(),
        person_id=contract.person_id,
        division_code=contract.division_code,
        kind=command.kind,
        happens_on=command.happens_on,
        recorded_at=clock.now(),
        recorded_by=actor.name,
    )
    session.execute(row.on_conflict_do_nothing())
    replan(session, {contract.person_id})
    same = (
        CareEvent.person_id == contract.person_id,
        CareEvent.kind == command.kind,
        CareEvent.happens_on == command.happens_on,
        CareEvent.withdrawn_at.is_(None),
    )
    return EventView.model_validate(session.scalars(select(CareEvent).where(*same)).one())


def withdraw_event(session: Session, actor: Actor, event_id: UUID) -> EventView:
    """Take an event back that was noted by mistake; what it started is owed no more.

    Raises NotFound or Denied.
    """
    event = session.get(CareEvent, event_id)
    if event is None:
        raise NotFound()
    contract_id = session.scalar(
        select(Contract.id).where(
            Contract.person_id == event.person_id, Contract.state.in_(IN_FORCE)
        )
    )
    _held(session, actor, contract_id)
    event.withdrawn_at = event.withdrawn_at or clock.now()
    session.flush()
    replan(session, {event.person_id})
    return EventView.model_validate(event)


def choose_reminders(session: Session, actor: Actor, command: ChooseReminders) -> ChooseReminders:
    """Whether the actor's own reminders also come by SMS. Raises Denied."""
    if actor.person_id is None:
        raise NotFound()
    row = insert(ReminderChoice).values(person_id=actor.person_id, sms=command.sms)
    session.execute(
        row.on_conflict_do_update(
            index_elements=[ReminderChoice.person_id], set_={"sms": command.sms}
        )
    )
    return command


def _steps(
    session: Session, contract: Contract, plan: Plan, steps: list[PlanStep], end: date
) -> Any:
    names = item_names(session)
    for number, step in enumerate(steps, 1):
        due = plan.starts_on + timedelta(days=step.offset_days)
        if due > end:
            continue
        opens = max(plan.starts_on, due - timedelta(days=step.window_days))
        name, name_en = names.get(step.item_code or "", (step.words, step.words))
        yield {
            "id": new_id(),
            "contract_id": contract.id,
            "person_id": contract.person_id,
            "team_id": contract.team_id,
            "division_code": contract.division_code,
            "kind": Origin.PLAN,
            "slot": f"{plan.id}/{number}",
            "plan_id": plan.id,
            "item_code": step.item_code or "",
            "item_name": name,
            "item_name_en": name_en,
            "sequence": number,
            "times": len(steps),
            **Window(opens, opens, due, due)._asdict(),
        }


def _template(session: Session, actor: Actor, template_id: UUID) -> PlanTemplate:
    template = session.get(PlanTemplate, template_id)
    if template is None:
        raise NotFound()
    team = get_team(session, template.team_id)
    require(session, actor, PlanAction.MANAGE_PLANS, panel_resource(team))
    return template


def _contract_of(session: Session, actor: Actor, obligation_id: UUID) -> Contract:
    query = select(Obligation.contract_id).where(Obligation.id == obligation_id)
    return _held(session, actor, session.scalar(query))


def _held(session: Session, actor: Actor, contract_id: UUID | None) -> Contract:
    """A contract in force that the actor's team serves, held until the transaction ends."""
    contract = session.scalar(
        select(Contract)
        .where(Contract.id == contract_id, Contract.state.in_(IN_FORCE))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if contract is None:
        raise NotFound()
    require(session, actor, PlanAction.SERVE, contract_resource(contract))
    return contract


def _tell(session: Session, person_id: UUID, sentence: str, values: dict[str, str]) -> None:
    theirs = f"{LINK}?person_id={person_id}"
    notify_with_carers(session, person_id, sentence, values, LINK, carers_link=theirs)
