"""Reads of plans and templates."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from family_doctor.models import Plan, PlanTemplate, ReminderChoice
from family_doctor.schemas import PlanAction, PlanView, TemplateView


def list_templates(
    session: Session, actor: Actor, team_id: UUID, units: tuple[str, ...]
) -> list[TemplateView]:
    """The templates in use of a team that lies in ``units``, by name. Raises Denied."""
    team = Resource("Panel", str(team_id), None, units)
    require(session, actor, PlanAction.MANAGE_PLANS, team)
    query = select(PlanTemplate).where(
        PlanTemplate.team_id == team_id, PlanTemplate.retired_at.is_(None)
    )
    rows = session.scalars(query.order_by(PlanTemplate.name))
    return [TemplateView.model_validate(row) for row in rows]


def plans_of(session: Session, contract_id: UUID) -> list[PlanView]:
    """The plans of a contract, newest first. The caller has asked the policy."""
    query = select(Plan).where(Plan.contract_id == contract_id)
    rows = session.scalars(query.order_by(Plan.starts_on.desc(), Plan.id))
    return [view_plan(row) for row in rows]


def view_plan(plan: Plan) -> PlanView:
    """A row as others may see it."""
    return PlanView(
        id=plan.id,
        contract_id=plan.contract_id,
        name=plan.name,
        term=plan.term,
        starts_on=plan.starts_on,
        created_by=plan.created_by,
        ended=plan.ended_at is not None,
    )


def wants_sms(session: Session, person_id: UUID) -> bool:
    """Whether a person's reminders also come by SMS: unless they chose otherwise."""
    query = select(ReminderChoice.sms).where(ReminderChoice.person_id == person_id)
    return session.scalar(query) is not False
