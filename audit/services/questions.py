"""Asking about an access to one's data, and answering."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from audit.models import Question
from audit.queries.questions import (
    find_own_question,
    load_question,
    question_resource,
    question_view,
)
from audit.schemas import (
    Action,
    AnswerQuestion,
    AskQuestion,
    QuestionState,
    QuestionView,
)
from core import clock
from core.access import Actor, Resource, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from core.models import AuditEvent
from notifications.public import notify
from residents.public import Person

ANSWERED = N_("您问的一次数据访问有答复了。")


def ask(session: Session, actor: Actor, event_id: UUID, command: AskQuestion) -> QuestionView:
    """Ask why this access to the actor's data was made; asking again gives the first question.

    Raises NotFound, Denied, or Invalid for what the actor did themself.
    """
    event = session.scalar(select(AuditEvent).where(AuditEvent.id == event_id))
    if event is None:
        raise NotFound()
    resource = Resource("AuditRecord", str(event_id), event.person_id)
    require(session, actor, Action.QUESTION_ACCESS, resource)
    if event.account_id == actor.account_id:
        raise Invalid(
            "own_access", N_("如果不是您本人做的，账号可能被别人用了，请马上联系签约机构。")
        )
    person = session.get_one(Person, actor.person_id)
    row = insert(Question).values(
        id=new_id(),
        event_id=event_id,
        event_at=event.at,
        person_id=person.id,
        division_code=person.division_code,
        reason=command.reason,
        state=QuestionState.OPEN,
    )
    session.execute(row.on_conflict_do_nothing())
    asked = find_own_question(session, actor, event_id)
    if asked is None:
        raise NotFound()
    return asked


def answer(
    session: Session, actor: Actor, question_id: UUID, command: AnswerQuestion
) -> QuestionView:
    """Answer a case, once, and tell the resident. Raises NotFound, Denied, or Conflict
    ``already_answered``.
    """
    row = load_question(session, question_id)
    require(session, actor, Action.ANSWER_QUESTION, question_resource(session, row))
    answered = session.execute(
        update(Question)
        .where(Question.id == question_id, Question.state == QuestionState.OPEN)
        .values(
            state=QuestionState.IMPROPER if command.improper else QuestionState.ANSWERED,
            answer=command.answer,
            answered_by=actor.account_id,
            answered_at=clock.now(),
        )
        .returning(Question.id)
        .execution_options(synchronize_session=False)
    ).first()
    if answered is None:
        raise Conflict("already_answered", N_("这个问题已经有人答复了。"))
    question: Question = row.Question
    session.refresh(question)
    notify(session, question.person_id, ANSWERED, {}, f"/audit/mine/{question.event_id}")
    return question_view(question)
