"""Administered things: changed only from the state that was read, with a history to read back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from core.access import NOBODY, Actor
from core.audit import record_change
from core.errors import Conflict
from core.messages import N_
from core.models import ChangeRecord
from core.paging import Listing, Page, PageQuery

# A field's name in the history and its values before and after, in JSON.
Shown = tuple[str, object, object]


class ChangeView(BaseModel):
    """One entry of a history; ``changes`` maps a field to its values [before, after]."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    at: datetime
    actor_name: str
    subject_type: str
    subject_id: UUID
    version: int
    changes: dict[str, list[Any]]


def change(
    session: Session,
    actor: Actor,
    subject_type: str,
    row: Any,
    version: int,
    values: Mapping[str, object],
    shown: Mapping[str, Shown] | None = None,
) -> None:
    """Write ``values`` into ``row`` if it still has ``version``, and keep what changed.

    ``shown`` says for columns that do not read as JSON (ids, moments) what the history shows.
    Raises Conflict ``stale_version`` where somebody else changed it since it was read.
    """
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not changed and row.version == version:
        return
    kept = _history(row, changed, shown or {})
    _write(session, row, version, changed)
    note(session, actor, subject_type, row, kept)


def touch(session: Session, row: Any, version: int) -> None:
    """Count a change of what belongs to ``row`` (a roster) as a change of it: of two made on the
    same ``version`` one wins. Raises Conflict ``stale_version``.
    """
    _write(session, row, version, {})


def note(
    session: Session, actor: Actor, subject_type: str, row: Any, changes: dict[str, list[object]]
) -> None:
    """Keep ``changes`` (field → [before, after]) in the history of ``row``."""
    record_change(
        session,
        account_id=None if actor.account_id == NOBODY else actor.account_id,
        actor_name=actor.name,
        subject_type=subject_type,
        subject_id=row.id,
        version=row.version,
        changes=changes,
    )


def note_creation(
    session: Session, actor: Actor, subject_type: str, row: Any, values: Mapping[str, object]
) -> None:
    """Begin the history of a new thing with the ``values`` (JSON) it was given."""
    given = {name: [None, value] for name, value in values.items() if value not in (None, "")}
    note(session, actor, subject_type, row, given)


def stale_version() -> Conflict:
    """The refusal of a change that was made on an older state."""
    return Conflict(
        "stale_version", N_("这项内容刚被别人修改过。请核对下面的现状，再决定是否保存您的修改。")
    )


def about(subject_type: str, subject_id: UUID) -> ColumnElement[bool]:
    """The condition that a history entry belongs to this thing."""
    return (ChangeRecord.subject_type == subject_type) & (ChangeRecord.subject_id == subject_id)


def by_somebody(session: Session, subject_type: str, subject_id: UUID) -> bool:
    """Whether somebody with an account has changed this thing since it was made."""
    theirs = about(subject_type, subject_id) & ChangeRecord.account_id.is_not(None)
    return bool(session.scalar(select(exists().where(theirs))))


def list_changes(
    session: Session, page: PageQuery, condition: ColumnElement[bool]
) -> Page[ChangeView]:
    """History entries, newest first. The caller has asked the policy."""
    return read_changes(session, page, changes(condition))


def changes(condition: ColumnElement[bool]) -> Listing:
    """The entries that ``condition`` is true of, newest first, for ``read_changes``."""
    order: list[Any] = [ChangeRecord.at, ChangeRecord.id]
    return Listing(select(ChangeRecord, *order).where(condition), order, descending=True)


def read_changes(session: Session, page: PageQuery, listing: Listing) -> Page[ChangeView]:
    """A part of ``listing``. The caller has asked the policy."""
    rows, following = listing.read(session, page)
    items = [ChangeView.model_validate(row[0]) for row in rows]
    return Page(items=items, next_cursor=following)


def _write(session: Session, row: Any, version: int, values: Mapping[str, object]) -> None:
    model = type(row)
    written = session.execute(
        update(model)
        .where(model.id == row.id, model.version == version)
        .values(**values, version=model.version + 1)
        .returning(model.version)
        .execution_options(synchronize_session=False)
    ).first()
    if written is None:
        raise stale_version()
    session.refresh(row)


def _history(
    row: Any, changed: Mapping[str, object], shown: Mapping[str, Shown]
) -> dict[str, list[object]]:
    kept: dict[str, list[object]] = {}
    for name, value in changed.items():
        field, before, after = shown.get(name, (name, getattr(row, name), value))
        kept[field] = [before, after]
    return kept
