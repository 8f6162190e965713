"""Writing and reading messages."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from core import clock, jobs
from core.access import Actor
from core.errors import NotFound
from core.ids import new_id
from notifications.models import Message
from notifications.schemas import ABOUT
from residents.public import carers_of

SEND = "notifications.jobs.send_message"


def notify(
    session: Session,
    person_id: UUID,
    sentence: str,
    values: Mapping[str, str],
    link: str,
    at: datetime | None = None,
    *,
    sms: bool = False,
) -> None:
    """Leave a message for a person with the caller's transaction; with ``sms`` it also goes to
    their phone, where they have one.

    ``sentence`` is a marked catalogue key, ``link`` a path of the portal. Beside a value goes its
    English where it has any: ``item_en`` for ``item``. ``at`` is when it happened, if not now.
    """
    message = Message(
        id=new_id(),
        person_id=person_id,
        sentence=sentence,
        values=dict(values),
        link=link,
        created_at=at or clock.now(),
    )
    session.add(message)
    if sms:
        jobs.defer_by_name(session, SEND, message_id=str(message.id))


def notify_with_carers(
    session: Session,
    person_id: UUID,
    sentence: str,
    values: Mapping[str, str],
    link: str,
    *,
    carers_link: str,
    sms: bool = False,
) -> None:
    """As ``notify``; for a child or ward those who look after them get it too, with whom it is
    about, and the page of it that is theirs.
    """
    notify(session, person_id, sentence, values, link, sms=sms)
    dependant = carers_of(session, {person_id}).get(person_id)
    if dependant is None:
        return
    told = {**values, ABOUT: dependant.name}
    for carer in sorted(dependant.carers):
        notify(session, carer, sentence, told, carers_link, sms=sms)


def mark_read(session: Session, actor: Actor, *, until: UUID | None = None) -> None:
    """Mark the actor's own messages as read: all, or one and those before it.

    Raises NotFound where it is nobody's or another's.
    """
    mine = Message.person_id == actor.person_id
    unread = update(Message).where(mine, Message.read_at.is_(None))
    if until is not None:
        last = select(Message.created_at, Message.id).where(Message.id == until, mine)
        seen = session.execute(last).one_or_none()
        if seen is None:
            raise NotFound()
        unread = unread.where(tuple_(Message.created_at, Message.id) <= tuple_(*seen))
    session.execute(unread.values(read_at=clock.now()))
