"""Use cases of a review of conduct: its owner answers, staff decides; and of its rules."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from appointments.events import CaseDecided
from appointments.models import ConductCase, ConductRule
from appointments.queries.conduct import case_view, load_case, rules_resource
from appointments.schemas import (
    AnswerCase,
    CaseState,
    CaseView,
    ChangeConductRule,
    ConductAction,
    ConductRuleView,
    DecideCase,
)
from core import clock, history
from core.access import Actor, require
from core.errors import Conflict, NotFound
from core.events import publish
from core.messages import N_

# What a rule of conduct is called in the history.
CONDUCT_RULE = "ConductRule"


def answer_case(session: Session, actor: Actor, case_id: UUID, command: AnswerCase) -> CaseView:
    """Say something to it, once; the same again changes nothing. Raises NotFound, Denied, or
    Conflict ``answered``, ``decided``.
    """
    case = load_case(session, actor, case_id, ConductAction.ANSWER_CASE)
    said = (
        update(ConductCase)
        .where(
            ConductCase.id == case_id,
            ConductCase.state == CaseState.OPEN,
            ConductCase.answered_at.is_(None),
        )
        .values(answer=command.answer, answered_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    done = session.execute(said.returning(ConductCase.id)).first()
    session.refresh(case)
    if done is None and case.answer != command.answer:
        if case.answered_at is None:
            raise _decided()
        raise Conflict("answered", N_("您已经说明过了，每次核查可以说明一次，请等结果。"))
    return case_view(case)


def decide_case(session: Session, actor: Actor, case_id: UUID, command: DecideCase) -> CaseView:
    """Clear or uphold an open review. Raises NotFound, Denied, or Conflict ``decided``."""
    case = load_case(session, actor, case_id, ConductAction.DECIDE_CASE)
    now = clock.now()
    rests_until = None if command.cleared else now + timedelta(days=command.rest_days)
    decided = (
        update(ConductCase)
        .where(ConductCase.id == case_id, ConductCase.state == CaseState.OPEN)
        .values(
            state=CaseState.CLEARED if command.cleared else CaseState.UPHELD,
            decision=command.decision,
            decided_at=now,
            decided_by=actor.account_id,
            rests_until=rests_until,
        )
        .execution_options(synchronize_session=False)
    )
    if session.execute(decided.returning(ConductCase.id)).first() is None:
        raise _decided()
    session.refresh(case)
    publish(session, CaseDecided(case_id=case_id, person_id=case.person_id))
    return case_view(case)


def change_rule(
    session: Session, actor: Actor, code: str, command: ChangeConductRule
) -> ConductRuleView:
    """Change a rule; it holds from the next attempt on. Raises NotFound, Denied, or Conflict
    ``stale_version``.
    """
    require(session, actor, ConductAction.CHANGE_RULES, rules_resource(session))
    rule = session.scalar(select(ConductRule).where(ConductRule.code == code))
    if rule is None:
        raise NotFound()
    values = command.model_dump(exclude={"version"})
    history.change(session, actor, CONDUCT_RULE, rule, command.version, values)
    session.refresh(rule)
    return ConductRuleView.model_validate(rule)


def _decided() -> Conflict:
    return Conflict("decided", N_("这项核查已经有结果了，请刷新查看。"))
