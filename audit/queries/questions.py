"""Residents' questions about an access: as cases for auditors, as answers for those who asked."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from audit.models import Question
from audit.queries.events import Cards, cards_of, manner, subject, who
from audit.queries.scope import lives_within, scope_of, trail, units_of_event, within
from audit.schemas import (
    Action,
    QuestionEntry,
    QuestionSearch,
    QuestionState,
    QuestionView,
)
from auth.public import accounts_named
from core.access import NOBODY, Actor, Resource, require
from core.errors import NotFound
from core.models import AuditEvent
from core.paging import Page, read_page
from core.waiting import Waiting
from directory.public import region_unit
from residents.public import Person, matches

EVENT = AuditEvent.__table__
ORDER: list[Any] = [Question.created_at, Question.id]
OF_EVENT = (EVENT.c.id == Question.event_id) & (EVENT.c.at == Question.event_at)


def list_questions(session: Session, actor: Actor, search: QuestionSearch) -> Page[QuestionEntry]:
    """The cases within the actor's units; the open ones oldest first, the others newest first."""
    scope = scope_of(actor)
    require(session, actor, Action.LIST_QUESTIONS, trail(scope))
    query = _cases().add_columns(*ORDER).where(Question.state == search.state, _within(scope))
    if search.search:
        asked = EVENT.c.account_id.in_(accounts_named(search.search))
        query = query.where(matches(search.search) | asked)
    newest_first = search.state is not QuestionState.OPEN
    rows, following = read_page(session, query, ORDER, search, descending=newest_first)
    cards = cards_of(session, (row.account_id for row in rows))
    return Page(items=[_entry(row, cards) for row in rows], next_cursor=following)


def get_question(
    session: Session, actor: Actor, question_id: UUID
) -> tuple[QuestionView, QuestionEntry]:
    """One case, and how the list shows it. Raises NotFound or Denied."""
    row = load_question(session, question_id)
    require(session, actor, Action.READ_QUESTION, question_resource(session, row))
    return question_view(row.Question), _entry(row, cards_of(session, [row.account_id]))


def find_question(session: Session, event_id: UUID) -> QuestionView | None:
    """The newest question about this event, if any. The caller has asked the policy."""
    query = select(Question).where(Question.event_id == event_id)
    question = session.scalar(query.order_by(Question.created_at.desc()).limit(1))
    return question_view(question) if question else None


def waiting(actor: Actor) -> Waiting:
    """How many cases wait for the auditor, behind their entry of the side bar."""
    scope = scope_of(actor)
    if not scope:
        return Waiting()
    query = (
        select(func.count())
        .select_from(Question)
        .outerjoin(EVENT, OF_EVENT)
        .where(Question.state == QuestionState.OPEN, _within(scope))
    )
    return Waiting({"audit.cases": query.scalar_subquery()})


def load_question(session: Session, question_id: UUID) -> Row[Any]:
    """The case with its event and person. Raises NotFound."""
    query = _cases().add_columns(region_unit().label("region")).where(Question.id == question_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound()
    return row


def question_resource(session: Session, row: Row[Any], kin: Collection[UUID] = ()) -> Resource:
    """A case as the policy sees it; ``kin`` may see the person's records, so they may have asked,
    which matters to who answers.
    """
    question: Question = row.Question
    units = units_of_event(session, row.account_id, question.division_code, row.region)
    about = {"__entity": {"type": "Account", "id": str(row.account_id or NOBODY)}}
    more = {"about": about, "kin": sorted(map(str, kin))}
    return Resource("AccessQuestion", str(question.id), question.person_id, units, more)


def question_view(question: Question) -> QuestionView:
    """A row as its auditor and the one who asked see it."""
    return QuestionView(
        id=question.id,
        event_id=question.event_id,
        event_at=question.event_at,
        state=QuestionState(question.state),
        reason=question.reason,
        answer=question.answer,
        created_at=question.created_at,
        answered_at=question.answered_at,
    )


def _within(scope: Collection[str]) -> ColumnElement[bool]:
    """What ``question_resource`` says of one, for all: a case stays with the auditors of where the
    resident lived when asking.
    """
    return within(scope, EVENT.c.account_id, lives_within(scope, Question.division_code))


def _cases() -> Select[Any]:
    return (
        select(Question, EVENT.c.account_id, EVENT.c.action, EVENT.c.looked, Person.name)
        .join(Person, Person.id == Question.person_id)
        .outerjoin(EVENT, OF_EVENT)
    )


def _entry(row: Row[Any], cards: Cards) -> QuestionEntry:
    question: Question = row.Question
    return QuestionEntry(
        id=question.id,
        created_at=question.created_at,
        state=QuestionState(question.state),
        person=subject(question.person_id, row.name, question.division_code),
        who=who(row.account_id, cards, question.event_at),
        action=row.action or "",
        manner=manner(row.action or "", row.looked),
        event_id=question.event_id,
        event_at=question.event_at,
    )
