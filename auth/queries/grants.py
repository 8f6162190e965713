"""When a role counts, and who holds one: the one place that reads the period of a grant."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from auth.models import Account, RoleGrant
from auth.schemas import Grant
from core import clock
from core.access import GRANTED_ROLES, Role

GRANTER = aliased(Account)
# The moment at which a statement is sent, not at which it is built: some are built once.
NOW = bindparam("clock_now", callable_=clock.now, type_=DateTime(timezone=True))


def in_force(now: Any = None, grant: Any = RoleGrant) -> ColumnElement[bool]:
    """The condition that a grant counts ``now``; only such a grant lets anybody do anything."""
    now = NOW if now is None else now
    return and_(grant.starts_at <= now, not_over(now, grant))


def held_at(moment: Any, grant: Any = RoleGrant) -> ColumnElement[bool]:
    """The condition that a grant counted at a moment past, whatever became of it since."""
    return and_(
        grant.starts_at <= moment,
        or_(grant.ends_at.is_(None), grant.ends_at > moment),
        or_(grant.ended_at.is_(None), grant.ended_at > moment),
    )


def not_over(now: Any = None, grant: Any = RoleGrant) -> ColumnElement[bool]:
    """The condition that a grant counts now or is going to: what administrators look after."""
    now = NOW if now is None else now
    return and_(grant.ended_at.is_(None), or_(grant.ends_at.is_(None), grant.ends_at > now))


def people_in_role(session: Session, role: Role, units: Collection[str]) -> list[UUID]:
    """The people who hold a role now on one of these units, those of disabled accounts left out:
    who reads what the portal tells them.
    """
    query = (
        select(Account.person_id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            RoleGrant.role == role,
            RoleGrant.unit.in_(units),
            in_force(),
            Account.person_id.is_not(None),
            Account.disabled_at.is_(None),
        )
        .distinct()
        .order_by(Account.person_id)
    )
    return [person_id for person_id in session.scalars(query) if person_id]


def units_in_role(session: Session, role: Role, units: Collection[str]) -> set[str]:
    """Those of these units on which somebody with an account in use holds a role now."""
    query = (
        select(RoleGrant.unit)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            RoleGrant.role == role,
            RoleGrant.unit.in_(units),
            in_force(),
            Account.disabled_at.is_(None),
        )
    )
    return set(session.scalars(query))


def grants_of(session: Session, account_id: UUID) -> list[Grant]:
    """The roles an account holds now, oldest first."""
    query = _grants().where(RoleGrant.account_id == account_id, in_force())
    rows = session.execute(query.order_by(RoleGrant.created_at, RoleGrant.id))
    return [as_grant(*row) for row in rows]


def standing_grants(session: Session, account_ids: Sequence[UUID]) -> dict[UUID, list[Grant]]:
    """By account, the roles held now or from a day to come, in the order of the roles."""
    query = _grants().where(RoleGrant.account_id.in_(account_ids), not_over())
    grants: dict[UUID, list[Grant]] = {}
    for row in session.execute(query.order_by(RoleGrant.starts_at, RoleGrant.id)):
        grants.setdefault(row[0].account_id, []).append(as_grant(*row))
    for held in grants.values():
        held.sort(key=lambda grant: GRANTED_ROLES.index(grant.role))
    return grants


def _grants() -> Any:
    return select(RoleGrant, GRANTER.display_name).outerjoin(
        GRANTER, GRANTER.id == RoleGrant.granted_by
    )


def as_grant(grant: RoleGrant, granted_by: str | None) -> Grant:
    """A grant as others see it; ``granted_by`` is its giver's name."""
    return Grant(
        role=Role(grant.role),
        unit=grant.unit,
        unit_name=grant.unit_name,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        granted_by=granted_by,
    )
