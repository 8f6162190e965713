"""Events, and the log over them, for tests."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from audit.schemas import AskQuestion
from audit.services.questions import ask
from auth.models import Account
from core import audit, clock
from core.database import transaction
from core.ids import new_id
from core.models import AuditEvent
from tests.factories.family_doctor import actor_of


class Copies:
    """A second place in memory."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        self.count = 0

    def lines(self) -> Iterator[bytes]:
        return iter(self.kept)

    def last_number(self) -> int:
        return len(self.kept)

    def highest(self) -> int:
        return self.count

    def add(self, lines: Sequence[bytes]) -> None:
        self.kept += lines
        self.count += len(lines)


def note_event(
    *,
    account_id: UUID | None = None,
    person_id: UUID | None = None,
    action: str = "residents:read-person",
    outcome: str = "allowed",
    resource_id: str = "",
) -> None:
    """An event in a transaction of its own, as a request leaves it."""
    event = audit.row(
        account_id or new_id(),
        action,
        "Person",
        resource_id or str(person_id or new_id()),
        person_id=person_id,
        outcome=outcome,
        policies=["residents.care"] if outcome == "allowed" else [],
        address="203.0.113.9",
        request_id=str(new_id()),
    )
    with transaction() as session:
        audit.note(session, event)


def make_event(
    session: Session, account_id: UUID | None, person_id: UUID | None = None
) -> AuditEvent:
    """A look at a person's data, or at nobody's, in the transaction of the test."""
    event = AuditEvent(
        id=new_id(),
        at=clock.now(),
        account_id=account_id,
        action="residents:read-person",
        resource_type="Person",
        resource_id=str(person_id or new_id()),
        person_id=person_id,
        outcome="allowed",
        policies=["residents.care"],
        channel="web",
        address="203.0.113.9",
        request_id="",
    )
    session.add(event)
    session.flush()
    return event


def make_question(
    session: Session, account_id: UUID | None, resident: Account
) -> tuple[UUID, UUID]:
    """A look of the account at the resident's data, and the resident's question about it:
    (event's, question's id).
    """
    session.flush()
    event = make_event(session, account_id, resident.person_id)
    actor = actor_of(session, resident.id)
    asked = ask(session, actor, event.id, AskQuestion(reason="为什么看我的信息？"))
    return event.id, asked.id


def note_events(count: int) -> None:
    """Many of them."""
    for number in range(count):
        note_event(resource_id=f"示例“{number}”\n")
