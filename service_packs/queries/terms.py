"""Terms of what people were granted, and what services are called: for rooms that plan by them."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service_packs.models import Entitlement, Item


class GrantedTerm(NamedTuple):
    """An entitlement's days, both included, and what gave it."""

    id: UUID
    source_id: UUID
    starts_on: date
    ends_on: date


def granted_terms(session: Session, person_ids: Collection[UUID]) -> list[GrantedTerm]:
    """What these people were granted and was not ended, with one statement."""
    query = select(
        Entitlement.id, Entitlement.source_id, Entitlement.starts_on, Entitlement.ends_on
    ).where(Entitlement.person_id.in_(person_ids), Entitlement.ended_at.is_(None))
    return [GrantedTerm(*row) for row in session.execute(query)]


def item_names(
    session: Session, codes: Collection[str] | None = None
) -> dict[str, tuple[str, str]]:
    """Name and English name of services by code; of all of them unless some are named."""
    query = select(Item.code, Item.name, Item.name_en)
    if codes is not None:
        query = query.where(Item.code.in_(codes))
    return {code: (name, name_en) for code, name, name_en in session.execute(query)}
