"""What people bought and still have, without what is left of it: for choosing beside it, and for
the texts that name it.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from service_packs.models import Entitlement, Order, Pack
from service_packs.queries.catalogue import ORDER, PACK, PACKS, list_packs
from service_packs.schemas import PackView, Source


class Running(NamedTuple):
    """A pack that a person bought: its last day, and what they paid for it (fen)."""

    person_id: UUID
    pack_code: str
    pack_name: str
    pack_name_en: str
    example: bool
    ends_on: date
    paid_fen: int


def running_packs(
    session: Session,
    person_ids: Collection[UUID],
    on: date,
    *,
    paid_by: datetime | None = None,
    held_at: datetime | None = None,
) -> list[Running]:
    """What these people bought and have ``on`` a day, those that end first first, with one
    statement. As it was known at another moment: without what was paid after ``paid_by``, and with
    what was given back after ``held_at``. The caller has asked the policy.
    """
    if not person_ids:
        return []
    bought = _bought(person_ids, on, held_at)
    if paid_by:
        bought = bought.where(Order.paid_at <= paid_by)
    query = bought.join(Pack, Pack.code == Entitlement.pack_code).add_columns(
        Pack.name, Pack.name_en, Pack.example
    )
    rows = session.execute(query.order_by(Entitlement.ends_on, Entitlement.id))
    return [_running(row) for row in rows]


def packs_beside(
    session: Session, person_ids: Collection[UUID], on: date
) -> tuple[list[PackView], list[Running]]:
    """All packs on offer, and as ``running_packs`` what these people have beside; with one
    statement. The caller has asked the policy.
    """
    if not person_ids:
        return list_packs(session), []
    bought = _bought(person_ids, on).subquery("bought")
    query = (
        PACKS.add_columns(bought)
        .outerjoin(bought, bought.c.pack_code == PACK.c.code)
        .where(or_(PACK.c.withdrawn_at.is_(None), bought.c.pack_code.is_not(None)))
        .order_by(*ORDER)
    )
    rows = session.execute(query).all()
    offered = {row.code: PackView.model_validate(row) for row in rows if not row.withdrawn}
    running = [_running(row) for row in rows if row.person_id is not None]
    return list(offered.values()), sorted(running, key=lambda each: each.ends_on)


def _bought(
    person_ids: Collection[UUID], on: date, held_at: datetime | None = None
) -> Select[*tuple[Any, ...]]:
    still = Entitlement.ended_at.is_(None)
    return (
        select(
            Entitlement.person_id,
            Entitlement.pack_code,
            Entitlement.ends_on,
            Order.person_fen.label("paid_fen"),
        )
        .join(Order, Order.id == Entitlement.source_id)
        .where(
            Entitlement.source == Source.ORDER,
            Entitlement.person_id.in_(person_ids),
            Entitlement.ends_on >= on,
            or_(still, Entitlement.ended_at > held_at) if held_at else still,
        )
    )


def _running(row: Any) -> Running:
    return Running(
        person_id=row.person_id,
        pack_code=row.pack_code,
        pack_name=row.name,
        pack_name_en=row.name_en,
        example=row.example,
        ends_on=row.ends_on,
        paid_fen=row.paid_fen,
    )
