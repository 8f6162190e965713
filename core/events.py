"""Facts that rooms announce to each other. An event is a job row in the announcing transaction and
is delivered after the commit, at least once; a subscriber's own transaction marks it handled.
"""

from collections.abc import Callable
from typing import ClassVar, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock, jobs
from core.database import transaction
from core.ids import new_id
from core.models import EventDelivery


class Event(BaseModel):
    """A fact, past tense, frozen; ids only, never a name or clinical text."""

    model_config = ConfigDict(frozen=True)
    registry: ClassVar[dict[str, type["Event"]]] = {}

    event_id: UUID = Field(default_factory=new_id)

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__()
        Event.registry[cls.title()] = cls

    @classmethod
    def title(cls) -> str:
        """The name the event travels under: room and class."""
        return f"{cls.__module__.split('.')[0]}.{cls.__name__}"


E = TypeVar("E", bound=Event)
_subscribers: dict[str, dict[str, Callable[[Session, Event], None]]] = {}


def subscribe(event: type[E], handler: Callable[[Session, E], None]) -> None:
    """Call ``handler`` for each ``event``, in a transaction of its own, effectively once."""
    name = f"{handler.__module__}.{handler.__qualname__}"
    _subscribers.setdefault(event.title(), {})[name] = handler  # type: ignore[assignment]


def publish(session: Session, event: Event) -> None:
    """Announce ``event`` with the caller's transaction. Without subscribers nothing is queued."""
    if event.title() in _subscribers:
        jobs.defer(session, deliver, title=event.title(), body=event.model_dump(mode="json"))


@jobs.job
def deliver(title: str, body: dict[str, object]) -> None:
    """Hand one event to each subscriber that has not handled it; the first failure is raised
    after all were tried, and the job is retried for those that failed.
    """
    event = Event.registry[title].model_validate(body)
    failure: Exception | None = None
    for name, handler in _subscribers.get(title, {}).items():
        try:
            _deliver_once(event, name, handler)
        except Exception as error:
            failure = failure or error
    if failure:
        raise failure


def _deliver_once(event: Event, name: str, handler: Callable[[Session, Event], None]) -> None:
    with transaction() as session:
        claim = insert(EventDelivery).values(
            event_id=event.event_id, subscriber=name, delivered_at=clock.now()
        )
        claimed = session.execute(
            claim.on_conflict_do_nothing().returning(EventDelivery.event_id)
        ).first()
        if claimed:
            handler(session, event)
