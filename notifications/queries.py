"""Reads of messages; everybody reads their own only."""

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.paging import Page, PageQuery, read_page
from notifications.models import Message
from notifications.schemas import MessageView

# Built once: every page of a resident asks it.
UNREAD = (
    select(func.count())
    .select_from(Message)
    .where(Message.person_id == bindparam("person"), Message.read_at.is_(None))
)


def list_messages(session: Session, actor: Actor, page: PageQuery) -> Page[MessageView]:
    """The actor's own messages, newest first."""
    order = [Message.created_at, Message.id]
    query = select(Message, *order).where(Message.person_id == actor.person_id)
    rows, following = read_page(session, query, order, page, descending=True)
    items = [MessageView.model_validate(row[0]) for row in rows]
    return Page(items=items, next_cursor=following)


def count_unread(session: Session, actor: Actor) -> int:
    """How many of the actor's own messages were not read yet."""
    return session.scalar(UNREAD, {"person": actor.person_id}) or 0
