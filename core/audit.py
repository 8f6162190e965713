"""The audit: an event in the same transaction as the decision. No audit, no data."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock, database
from core.errors import PortalError
from core.ids import new_id
from core.models import ChangeRecord
from core.statements import Statement

# One statement for the event and its wait for the signed log: the audit is written on every path,
# the hottest included.
EVENT = text(
    "WITH made AS ("
    " INSERT INTO core_audit_event (id, at, account_id, acting_for, action, resource_type,"
    " resource_id, person_id, outcome, policies, channel, address, request_id, looked)"
    " VALUES (:id, :at, :account_id, :acting_for, :action, :resource_type,"
    " :resource_id, :person_id, :outcome, :policies, :channel, :address, :request_id,"
    " :looked)"
    " RETURNING id, at)"
    " INSERT INTO core_audit_unsequenced (event_id, at) SELECT id, at FROM made"
)
INSERT = Statement(EVENT)
# Whether the same was written since.
WRITTEN = text(
    "SELECT FROM core_audit_event WHERE account_id = :account_id AND at > :since"
    " AND action = :action AND resource_type = :resource_type AND resource_id = :resource_id"
    " AND person_id IS NOT DISTINCT FROM :person_id AND outcome = :outcome"
    " AND acting_for IS NOT DISTINCT FROM :acting_for"
    " AND channel = :channel AND address = :address"
    " AND looked = :looked LIMIT 1"
)
LOOK = timedelta(minutes=1)
PENDING = "core.audit.pending"
Row: TypeAlias = dict[str, object]


def row(
    account_id: UUID | None,
    action: str,
    resource_type: str,
    resource_id: str,
    *,
    person_id: UUID | None = None,
    acting_for: UUID | None = None,
    outcome: str = "allowed",
    policies: Sequence[str] = (),
    channel: str = "web",
    address: str = "",
    request_id: str = "",
    looked: bool = False,
) -> Row:
    """An event for ``note``; ``person_id`` is whose data it concerns. Where it ``looked``, the
    action was asked about to show something of it, not to do it.
    """
    return {
        "account_id": account_id,
        "acting_for": acting_for,
        "action": str(action),
        "resource_type": resource_type,
        "resource_id": resource_id,
        "person_id": person_id,
        "outcome": outcome,
        "policies": list(policies),
        "channel": channel,
        "address": address,
        "request_id": request_id,
        "looked": looked,
    }


def note(session: Session, event: Row) -> None:
    """Add one event to the transaction; all of them are written with one statement at its end."""
    session.info.setdefault(PENDING, []).append({"id": new_id(), "at": clock.now(), **event})


@contextmanager
def looking_on(session: Session) -> Iterator[None]:
    """For a page that asks for the same again by itself: what the block notes is written unless
    it was, of the same account from the same address, within a minute. The policy is asked each
    time all the same, and a refusal is always an event.
    """
    before = session.info.pop(PENDING, [])
    yield
    since = {"since": clock.now() - LOOK}
    looks = session.info.pop(PENDING, [])
    new = [look for look in looks if session.execute(WRITTEN, look | since).first() is None]
    session.info[PENDING] = before + new


def write_pending(session: Session) -> None:
    """Write what ``note`` gathered; runs before every commit."""
    rows = session.info.pop(PENDING, None)
    if not rows:
        return
    if len(rows) == 1:
        INSERT.send(session, rows[0])
    else:  # together, in one exchange with the database
        session.execute(EVENT, rows)


def write_denial(session: Session, error: BaseException) -> None:
    """A refusal rolls its transaction back, so its event is written in one of its own: of the
    policy, or of a proof that was wrong.
    """
    if isinstance(error, PortalError) and error.audit_row is not None:
        event = {"id": new_id(), "at": clock.now(), **error.audit_row}
        INSERT.send(session, event)


def record_change(
    session: Session,
    *,
    account_id: UUID | None,
    actor_name: str,
    subject_type: str,
    subject_id: UUID,
    version: int,
    changes: dict[str, list[object]],
) -> None:
    """Keep the history of an administered thing: field → [before, after], JSON values only."""
    session.add(
        ChangeRecord(
            at=clock.now(),
            account_id=account_id,
            actor_name=actor_name,
            subject_type=subject_type,
            subject_id=subject_id,
            version=version,
            changes=changes,
        )
    )


database.before_commit(write_pending)
database.after_rollback(write_denial)
