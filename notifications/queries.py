"""Reads of messages; everybody reads their own only."""

from sqlalchemy import ColumnElement, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.paging import Page, read_page
from core.searching import SearchQuery, contains
from notifications.models import Message
from notifications.schemas import MessageView

# Built once: every page of a resident asks it.
UNREAD = (
    select(func.count())
    .select_from(Message)
    .where(Message.person_id == bindparam("person"), Message.read_at.is_(None))
)

# The sentence without the places of its values.
SAID = func.regexp_replace(Message.sentence, r"%\(\w+\)[sd]", "", "g")


def list_messages(session: Session, actor: Actor, page: SearchQuery) -> Page[MessageView]:
    """The actor's own messages, newest first."""
    order = [Message.created_at, Message.id]
    query = select(Message, *order).where(Message.person_id == actor.person_id)
    if page.search:
        query = query.where(or_(contains(SAID, page.search), _names(page.search)))
    rows, following = read_page(session, query, order, page, descending=True)
    items = [MessageView.model_validate(row[0]) for row in rows]
    return Page(items=items, next_cursor=following)


def _names(text: str) -> ColumnElement[bool]:
    """A message names something (a hospital, a department, a doctor) with ``text`` in it."""
    named = func.jsonb_each_text(Message.values).table_valued("key", "value")
    return exists(
        select(1).select_from(named).where(contains(named.c.value, text)).correlate(Message)
    )


def count_unread(session: Session, actor: Actor) -> int:
    """How many of the actor's own messages were not read yet."""
    return session.scalar(UNREAD, {"person": actor.person_id}) or 0
