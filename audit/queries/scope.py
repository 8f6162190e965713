"""What lies within an auditor's units: in SQL for lists, as a resource for the policy."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_
from sqlalchemy.orm import Session

from auth.public import accounts_within, service_of
from core.access import Actor, Resource, Role
from directory.public import division_path, division_prefix, region_unit


def scope_of(actor: Actor) -> frozenset[str]:
    """The units that the actor audits."""
    return actor.units(Role.AUDITOR)


def within(scope: Collection[str], account: Any, lives: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that the account serves, or the person ``lives``, within ``scope``; over the
    whole region everything does, whoever it is about.
    """
    return or_(region_unit().in_(sorted(scope)), account.in_(accounts_within(scope)), lives)


def lives_within(scope: Collection[str], division: Any) -> ColumnElement[bool]:
    """The condition that somebody of ``division`` lives within ``scope``."""
    prefixes = [division_prefix(unit) for unit in sorted(scope) if unit.isdigit()]
    return or_(false(), *(division.startswith(prefix) for prefix in prefixes))


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
