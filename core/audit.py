"""The audit: an event in the same transaction as the decision. No audit, no data."""

import json
from collections.abc import Iterable, Iterator, Sequence
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
COLUMNS = {
    "id": "uuid",
    "at": "timestamptz",
    "account_id": "uuid",
    "acting_for": "uuid",
    "action": "text",
    "resource_type": "text",
    "resource_id": "text",
    "person_id": "uuid",
    "outcome": "text",
    "policies": "text[]",
    "channel": "text",
    "address": "text",
    "request_id": "text",
    "looked": "boolean",
}
# Only these names of our own are put into the statements below; what is given is bound.
NAMES = ", ".join(COLUMNS)
GIVEN = (
    "json_to_recordset(CAST(:events AS json)) AS given ("
    + ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    + ")"
)
# Many at once: a search of a list is an event for each whom it shows.
SOME = text(
    f"WITH made AS (INSERT INTO core_audit_event ({NAMES}) SELECT {NAMES} FROM {GIVEN}"  # noqa: S608
    " RETURNING id, at)"
    " INSERT INTO core_audit_unsequenced (event_id, at) SELECT id, at FROM made"
)
# Which of these were written since.
WRITTEN = text(
    f"SELECT given.id FROM {GIVEN} WHERE EXISTS ("  # noqa: S608
    " SELECT FROM core_audit_event AS event"
    " WHERE event.account_id = given.account_id AND event.at > :since"
    " AND event.action = given.action AND event.resource_type = given.resource_type"
    " AND event.resource_id = given.resource_id"
    " AND event.person_id IS NOT DISTINCT FROM given.person_id AND event.outcome = given.outcome"
    " AND event.acting_for IS NOT DISTINCT FROM given.acting_for"
    " AND event.channel = given.channel AND event.address = given.address"
    " AND event.looked = given.looked)"
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


def note_found(session: Session, people: Iterable[UUID | None]) -> None:
    """For a list that was searched: the look at it, which was noted last, is one at each of these
    people too. Nothing for a list that is nobody's data and asked no policy.
    """
    pending = session.info.get(PENDING)
    if not pending:
        return
    listed = pending[-1]
    shown = [each for each in dict.fromkeys(people) if each not in (None, listed["person_id"])]
    pending += [{**listed, "id": new_id(), "person_id": each} for each in shown]


@contextmanager
def looking_on(session: Session) -> Iterator[None]:
    """For a page that asks for the same again by itself: what the block notes is written unless
    it was, of the same account from the same address, within a minute. The policy is asked each
    time all the same, and a refusal is always an event.
    """
    before = session.info.pop(PENDING, [])
    yield
    looks = session.info.pop(PENDING, [])
    given = {"events": _as_json(looks), "since": clock.now() - LOOK}
    written = set(session.scalars(WRITTEN, given)) if looks else set()
    session.info[PENDING] = before + [look for look in looks if look["id"] not in written]


def write_pending(session: Session) -> None:
    """Write what ``note`` gathered; runs before every commit."""
    rows = session.info.pop(PENDING, None)
    if not rows:
        return
    if len(rows) == 1:
        INSERT.send(session, rows[0])
    else:
        session.execute(SOME, {"events": _as_json(rows)})


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps(rows, default=str)


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
