"""The one writer of who may act for whom."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.events import publish
from core.ids import new_id
from residents.events import ConsentChanged, ConsentEnded, ConsentGiven
from residents.models import Person, Representation
from residents.schemas import Basis, Scope, Side, in_order

BATCH = 200
OVER = and_(Representation.ended_at.is_(None), Representation.until.is_not(None))


def hold(
    session: Session,
    person: Person,
    representative: Person | None,
    named: tuple[str, bytes],
    basis: Basis,
    scopes: Collection[Scope],
    until: date | None,
) -> Representation:
    """Let the representative act for the person from now on; where they do already, within these
    scopes and until that day. ``named`` is their name and the index of their number, as given.
    What changes is announced, once somebody known here may act.
    """
    name, index = named
    _end_former(session, person.id, index)
    chosen = [scope.value for scope in in_order(scopes)]
    made = session.scalar(
        insert(Representation)
        .values(
            id=new_id(),
            person_id=person.id,
            representative_id=representative.id if representative else None,
            representative_name=name,
            representative_index=index,
            scopes=chosen,
            basis=basis.value,
            since=clock.now(),
            until=until,
        )
        .on_conflict_do_nothing(
            index_elements=["person_id", "representative_index"],
            index_where=Representation.ended_at.is_(None),
        )
        .returning(Representation.id)
    )
    if made and representative:
        publish(session, ConsentGiven(representation_id=made))
    ours = and_(
        Representation.person_id == person.id,
        Representation.representative_index == index,
        Representation.ended_at.is_(None),
    )
    if made is None:
        _join(session, ours, representative)
        changed = session.scalar(
            update(Representation)
            .where(
                ours,
                or_(
                    Representation.scopes != chosen,
                    Representation.until.is_distinct_from(until),
                ),
            )
            .values(scopes=chosen, until=until, basis=basis.value)
            .returning(Representation.id)
        )
        if changed:
            publish(session, ConsentChanged(representation_id=changed))
    query = select(Representation).where(ours).execution_options(populate_existing=True)
    return session.scalars(query).one()


def end_over(session: Session) -> int:
    """End a batch of those whose last day is over, and tell both sides; how many."""
    due = select(Representation.id).where(OVER, Representation.until < clock.today()).limit(BATCH)
    return _end_by_term(session, list(session.scalars(due)))


def _join(session: Session, ours: ColumnElement[bool], representative: Person | None) -> None:
    """What was given to the number under another name holds from now on. The name stays as the
    giver wrote it: a change would tell them that somebody of the number is known here.
    """
    if representative is None:
        return
    joined = session.scalar(
        update(Representation)
        .where(ours, Representation.representative_id.is_(None))
        .values(representative_id=representative.id)
        .returning(Representation.id)
    )
    if joined:
        publish(session, ConsentGiven(representation_id=joined))


def _end_former(session: Session, person_id: UUID, index: bytes) -> None:
    """What went by between the same two is no obstacle, though the calendar has not come to it."""
    query = select(Representation.id).where(
        OVER,
        Representation.until < clock.today(),
        Representation.person_id == person_id,
        Representation.representative_index == index,
    )
    _end_by_term(session, list(session.scalars(query)))


def _end_by_term(session: Session, ids: Collection[UUID]) -> int:
    ended = session.scalars(
        update(Representation)
        .where(Representation.id.in_(ids), OVER)
        .values(ended_at=clock.now(), ended_by=Side.TERM.value)
        .returning(Representation.id)
    ).all()
    for representation_id in ended:
        publish(session, ConsentEnded(representation_id=representation_id))
    return len(ended)
