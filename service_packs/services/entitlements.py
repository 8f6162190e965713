"""Granting and ending entitlements. What grants them (an order, a contract) was allowed before."""

from collections.abc import Collection
from datetime import date
from typing import cast
from uuid import UUID

from sqlalchemy import Table, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from core import clock
from core.database import by_column, given_rows
from core.errors import NotFound
from core.ids import new_id
from residents.public import Person, care_units
from service_packs.models import Entitlement, EntitlementItem, PackItem
from service_packs.queries.entitlements import find_granted, in_force
from service_packs.schemas import EntitlementView, Source
from service_packs.terms import times_in_term

ALLOWED = ("id", "entitlement_id", "item_code", "times_total")
ITEM = cast("Table", EntitlementItem.__table__)


def _allow() -> Insert:
    row = insert(ITEM).from_select(ALLOWED, select(*given_rows(ITEM, *ALLOWED).c))
    return row.on_conflict_do_update(
        index_elements=[ITEM.c.entitlement_id, ITEM.c.item_code],
        set_={"times_total": row.excluded.times_total},
        where=ITEM.c.times_total < row.excluded.times_total,
    )


ALLOW = _allow()


def grant_entitlement(
    session: Session,
    *,
    person_id: UUID,
    pack_code: str,
    source: Source,
    source_id: UUID,
    starts_on: date,
    ends_on: date,
    team_id: UUID | None = None,
) -> EntitlementView:
    """Entitle a person to a pack's services for a term, both days included.

    Granting again from the same source gives what was granted before. ``team_id`` is the team
    that serves it, unless given the one that cares for the person now.
    """
    _insert(
        session,
        id=new_id(),
        person_id=person_id,
        division_code=_division(session, person_id),
        pack_code=pack_code,
        source=source,
        source_id=source_id,
        team_id=team_id or caring_team(session, person_id),
        starts_on=starts_on,
        ends_on=ends_on,
    )
    granted = find_granted(session, source, source_id)
    if granted is None:
        raise NotFound()
    return granted


def allow_items(session: Session, allowed: Collection[tuple[UUID, str, int]]) -> None:
    """Let entitlements be used at least so often: (entitlement, item code, times in all). What a
    norm owes is free, whatever the pack holds; nothing is ever taken away.
    """
    rows = [
        {"id": new_id(), "entitlement_id": held, "item_code": code, "times_total": times}
        for held, code, times in sorted(allowed)
    ]
    if not rows:
        return
    session.execute(ALLOW, by_column(ALLOWED, rows))


def end_entitlements(session: Session, source: Source, source_id: UUID) -> None:
    """End what a source gave, from now; what was used stays recorded."""
    session.execute(
        update(Entitlement)
        .where(
            Entitlement.source == source,
            Entitlement.source_id == source_id,
            Entitlement.ended_at.is_(None),
        )
        .values(ended_at=clock.now())
    )


def hand_over(session: Session, person_id: UUID, team_id: UUID | None) -> None:
    """Let this team serve all that a person may still use; None: nobody serves it now."""
    session.execute(
        update(Entitlement)
        .where(Entitlement.person_id == person_id, in_force())
        .values(team_id=team_id)
    )


def caring_team(session: Session, person_id: UUID) -> UUID | None:
    """The team that has a person under contract: the nearest of the caring units."""
    units = care_units(session, person_id)
    return UUID(units[0]) if units else None


def _insert(session: Session, **values: object) -> None:
    row = insert(Entitlement).values(**values).on_conflict_do_nothing()
    inserted = session.execute(
        row.returning(
            Entitlement.id, Entitlement.pack_code, Entitlement.starts_on, Entitlement.ends_on
        )
    ).one_or_none()
    if inserted is None:
        return
    items = session.execute(
        select(PackItem.item_code, PackItem.times_per_year).where(
            PackItem.pack_code == inserted.pack_code
        )
    )
    rows = [
        {
            "id": new_id(),
            "entitlement_id": inserted.id,
            "item_code": item_code,
            "times_total": times_in_term(times, inserted.starts_on, inserted.ends_on),
        }
        for item_code, times in items
    ]
    if rows:
        session.execute(insert(EntitlementItem), rows)


def _division(session: Session, person_id: UUID) -> str:
    division = session.scalar(select(Person.division_code).where(Person.id == person_id))
    if division is None:
        raise NotFound()
    return division
