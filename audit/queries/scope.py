"""What lies within an auditor's units: in SQL for lists, as a resource for the policy."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session, aliased

from auth.public import accounts_within, service_of
from core.access import Actor, Resource, Role
from directory.public import division_path, division_prefix, region_unit
from residents.public import Person


def scope_of(actor: Actor) -> frozenset[str]:
    """The units that the actor audits."""
    return actor.units(Role.AUDITOR)


def within(scope: Collection[str], account: Any, person: Any) -> ColumnElement[bool]:
    """The condition that the account serves, or the person lives, within ``scope``; over the whole
    region everything does, whoever it is about.
    """
    resident = aliased(Person)  # the query around may hold people too
    lives = [
        resident.division_code.startswith(division_prefix(unit))
        for unit in sorted(scope)
        if unit.isdigit()
    ]
    return or_(
        region_unit().in_(sorted(scope)),
        account.in_(accounts_within(scope)),
        select(resident.id).where(resident.id == person, or_(false(), *lives)).exists(),
    )


def trail(scope: Collection[str], person_id: UUID | None = None) -> Resource:
    """The events within ``scope``, or about one person."""
    return Resource("AuditTrail", "events", person_id, tuple(sorted(scope)))


def units_of_event(
    session: Session, account_id: UUID | None, division_code: str | None, region: str | None
) -> tuple[str, ...]:
    """The units an event lies in: where its account serves, where its person lives, the region."""
    places = service_of(session, account_id).places if account_id else ()
    codes = [code for place in places for code in place.path]
    codes += division_path(division_code) if division_code else ()
    codes += [region] if region else []
    return tuple(dict.fromkeys(codes))
