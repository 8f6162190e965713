"""What people bought and still have, without what is left of it: for the texts that name it."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service_packs.models import Entitlement, Order, Pack
from service_packs.schemas import Source


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
    still = Entitlement.ended_at.is_(None)
    query = (
        select(
            Entitlement.person_id,
            Entitlement.pack_code,
            Pack.name,
            Pack.name_en,
            Pack.example,
            Entitlement.ends_on,
            Order.person_fen,
        )
        .join(Order, Order.id == Entitlement.source_id)
        .join(Pack, Pack.code == Entitlement.pack_code)
        .where(
            Entitlement.source == Source.ORDER,
            Entitlement.person_id.in_(person_ids),
            Entitlement.ends_on >= on,
            or_(still, Entitlement.ended_at > held_at) if held_at else still,
        )
        .order_by(Entitlement.ends_on, Entitlement.id)
    )
    if paid_by:
        query = query.where(Order.paid_at <= paid_by)
    return [Running(*row) for row in session.execute(query)]
