"""What hangs on a person's record in every room: the rooms say so, and merging moves it.

A room above this one hands over its columns; no statement here names a room's table.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Text, and_, any_, cast, literal, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.errors import Conflict

KEY_JOINT = "/"
_holdings: list["Holding"] = []


@dataclass(frozen=True, slots=True)
class Holding:
    """Rows that are a person's by ``column``; ``called`` are the words for them.

    Where the database allows one row for the person and ``once_with`` (all of them, or those that
    are ``live``), two that meet refuse the merge by ``clash`` (code and sentence); without one the
    former's row stays with the former record. A row never moves where ``apart_from`` names the
    other person. Undone, a row goes back if it was moved, or if the row that it hangs ``on`` (its
    column, and the holding's) was. Rows written meanwhile forbid to undo, unless the column is not
    ``telling``.
    """

    column: InstrumentedAttribute[Any]
    called: str
    once_with: tuple[Any, ...] | None = None
    live: ColumnElement[bool] | None = None
    clash: tuple[str, str] | None = None
    apart_from: InstrumentedAttribute[Any] | None = None
    on: tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any]] | None = None
    telling: bool = True
    # Whether whoever compares two records is told how many there are.
    shown: bool = False

    @property
    def name(self) -> str:
        """Table and column, as a merge remembers them."""
        return _name(self.column)

    @property
    def table(self) -> Table:
        """Where the rows lie."""
        return self.column.class_.__table__  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Held:
    """The keys of a holding's rows: those that would move, and the kept record's own."""

    holding: Holding
    moving: list[str]
    own: list[str]


def provide_holdings(*holdings: Holding) -> None:
    """Register what hangs on people in a room."""
    known = {each.name for each in _holdings}
    _holdings.extend(each for each in holdings if each.name not in known)


def holdings() -> tuple[Holding, ...]:
    """What every room registered."""
    return tuple(_holdings)


def look(session: Session, holding: Holding, former_id: UUID, kept_id: UUID) -> Held:
    """What of the former's would move. Raises Conflict where two rows cannot both be kept."""
    table, person = holding.table, holding.column.expression
    once = holding.once_with or ()
    live = holding.live if holding.live is not None else true()
    other = holding.apart_from.expression if holding.apart_from is not None else literal(None)
    rows = session.execute(
        select(_key(holding), person, live, other, *once)
        .select_from(table)
        .where(person.in_([former_id, kept_id]))
    ).all()
    own = [row for row in rows if row[1] == kept_id]
    theirs = [row for row in rows if row[1] == former_id]
    taken = {tuple(row[4:]) for row in own if row[2]} if holding.once_with is not None else set()
    meeting = {row[0] for row in theirs if row[2] and tuple(row[4:]) in taken}
    if meeting and holding.clash:
        raise Conflict(*holding.clash)
    stay = meeting | {row[0] for row in theirs if row[3] == kept_id}
    return Held(holding, [row[0] for row in theirs if row[0] not in stay], [row[0] for row in own])


def move(session: Session, held: Held, former_id: UUID, kept_id: UUID) -> None:
    """Give the former's rows to the kept record."""
    _give(session, held.holding, former_id, kept_id, _among(_key(held.holding), held.moving))


def give_back(
    session: Session, holding: Holding, moved: dict[str, list[str]], former_id: UUID, kept_id: UUID
) -> None:
    """Undo ``move``: what was moved, and what came since to what was moved."""
    wanted = _among(_key(holding), moved.get(holding.name, []))
    if holding.on is not None:
        parent, of = holding.on
        wanted = _among(KEY_JOINT + cast(parent.expression, Text), moved.get(_name(of), []))
    _give(session, holding, kept_id, former_id, wanted)


def written_since(
    session: Session,
    holding: Holding,
    moved: dict[str, list[str]],
    had: dict[str, list[str]],
    kept_id: UUID,
) -> bool:
    """Whether the kept record has a row of which nobody could say whose it was."""
    if not holding.telling or holding.on is not None:
        return False
    known = [*moved.get(holding.name, []), *had.get(holding.name, [])]
    mine = holding.column.expression == kept_id
    fresh = select(literal(1)).select_from(holding.table)
    fresh = fresh.where(mine, ~_among(_key(holding), known)).limit(1)
    return session.scalar(fresh) is not None


def _key(holding: Holding) -> ColumnElement[str]:
    """A row's key without the person, as text; empty where the person is the whole key."""
    key: ColumnElement[str] = literal("")
    for part in holding.table.primary_key.columns:
        if part.name != holding.column.key:
            key = key + KEY_JOINT + cast(part, Text)
    return key


def _among(key: ColumnElement[str], keys: list[str]) -> ColumnElement[bool]:
    return key == any_(cast(literal(keys, ARRAY(Text)), ARRAY(Text)))


def _give(
    session: Session, holding: Holding, giver: UUID, taker: UUID, wanted: ColumnElement[bool]
) -> None:
    session.execute(
        update(holding.table)
        .where(and_(holding.column.expression == giver, wanted))
        .values({holding.column.key: taker})
        .execution_options(synchronize_session=False)
    )


def _name(column: InstrumentedAttribute[Any]) -> str:
    return f"{column.class_.__tablename__}.{column.key}"
