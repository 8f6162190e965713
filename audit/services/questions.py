"""Asking about an access to one's data, and answering."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from audit.models import Question
from audit.queries.events import require_own_event
from audit.queries.questions import (
    find_question,
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
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from notifications.public import notify_with_carers
from residents.public import Person, representatives_of
from residents.schemas import Scope

ANSWERED = N_("您问的一次数据访问有答复了。")


def ask(session: Session, actor: Actor, event_id: UUID, command: AskQuestion) -> QuestionView:
    """Ask why this access was made, to the actor's data or to those of somebody whose records they
    may see; asking again gives the first question.

    Raises NotFound, Denied, or Invalid for what the actor did themself.
    """
    event, owner = require_own_event(session, actor, Action.QUESTION_ACCESS, event_id)
    if event.account_id == actor.account_id:
        raise Invalid(
            "own_access", N_("如果不是您本人做的，账号可能被别人用了，请马上联系签约机构。")
        )
    asked = find_question(session, event_id)
    if asked is None:
        person = session.get_one(Person, owner)
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
        asked = find_question(session, event_id)
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
    kin = representatives_of(session, row.Question.person_id, Scope.SEE_RECORDS)
    require(session, actor, Action.ANSWER_QUESTION, question_resource(session, row, kin))
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
    link = f"/audit/mine/{question.event_id}"
    notify_with_carers(session, question.person_id, ANSWERED, {}, link, carers_link=link)
    return question_view(question)
