"""Reads of messages; everybody reads their own only."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.paging import Page, PageQuery, read_page
from notifications.models import Message
from notifications.schemas import MessageView


def list_messages(session: Session, actor: Actor, page: PageQuery) -> Page[MessageView]:
    """The actor's own messages, newest first."""
    order = [Message.created_at, Message.id]
    query = select(Message, *order).where(Message.person_id == actor.person_id)
    rows, following = read_page(session, query, order, page, descending=True)
    items = [MessageView.model_validate(row[0]) for row in rows]
    return Page(items=items, next_cursor=following)


def count_unread(session: Session, actor: Actor) -> int:
    """How many of the actor's own messages were not read yet."""
    query = (
        select(func.count())
        .select_from(Message)
        .where(Message.person_id == actor.person_id, Message.read_at.is_(None))
    )
    return session.scalar(query) or 0
