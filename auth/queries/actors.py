"""From a session or bearer token to an Actor, with one statement."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from auth.models import Account, RoleGrant, SignInSession, Token
from auth.schemas import Grant
from core import clock
from core.access import Actor, Role
from core.crypto import token_hash


def _grants() -> Any:
    """The current grants of an account as an array of 'role unit', joined laterally."""
    entry = RoleGrant.role + " " + cast(RoleGrant.unit, Text)
    return (
        select(func.array_agg(aggregate_order_by(entry, RoleGrant.created_at)).label("grants"))
        .where(RoleGrant.account_id == Account.id, RoleGrant.ended_at.is_(None))
        .lateral()
    )


def _account(grants: Any, *more: Any) -> Select[Any]:
    return select(
        Account.id, Account.display_name, Account.person_id, grants.c.grants, *more
    ).where(Account.disabled_at.is_(None))


def actor_of_session(session: Session, token: str) -> Actor | None:
    """The actor of a live browser session, or None."""
    grants = _grants()
    query = (
        _account(grants, SignInSession.id.label("session_id"), SignInSession.active_role)
        .join(SignInSession, SignInSession.account_id == Account.id)
        .join(grants, true())
        .where(
            SignInSession.token_hash == token_hash(token),
            SignInSession.ended_at.is_(None),
            SignInSession.expires_at > clock.now(),
        )
    )
    row = session.execute(query).one_or_none()
    return _actor(row, row.session_id, row.active_role) if row else None


def actor_of_token(session: Session, token: str) -> tuple[Actor, str] | None:
    """The actor of a live bearer token and its scope, or None.

    A token given to an application ends with the session it was made in.
    """
    grants = _grants()
    query = (
        _account(grants, Token.scope, Token.session_id)
        .join(Token, Token.account_id == Account.id)
        .join(grants, true())
        .outerjoin(SignInSession, SignInSession.id == Token.session_id)
        .where(
            Token.token_hash == token_hash(token),
            Token.ended_at.is_(None),
            Token.expires_at > clock.now(),
            SignInSession.ended_at.is_(None),
        )
    )
    row = session.execute(query).one_or_none()
    return (_actor(row, row.session_id, None), row.scope) if row else None


def actor_of_account(session: Session, account_id: UUID) -> Actor | None:
    """The actor of an account that may sign in; for operators and tests."""
    grants = _grants()
    query = _account(grants).join(grants, true()).where(Account.id == account_id)
    row = session.execute(query).one_or_none()
    return _actor(row, None, None) if row else None


def _actor(row: Any, session_id: UUID | None, active_role: str | None) -> Actor:
    units: dict[Role, set[str]] = {}
    for entry in row.grants or ():
        role, _, unit = entry.partition(" ")
        units.setdefault(Role(role), set()).add(unit)
    return Actor(
        account_id=row.id,
        name=row.display_name,
        person_id=row.person_id,
        # An account is joined to a person only after the real-name check.
        verified=row.person_id is not None,
        grants={role: frozenset(held) for role, held in units.items()},
        session_id=session_id,
        active_role=Role(active_role) if active_role else Role.RESIDENT,
    )


def grants_of(session: Session, account_id: UUID) -> list[Grant]:
    """The roles an account holds now, oldest first."""
    query = (
        select(RoleGrant.role, RoleGrant.unit, RoleGrant.unit_name)
        .where(RoleGrant.account_id == account_id, RoleGrant.ended_at.is_(None))
        .order_by(RoleGrant.created_at, RoleGrant.id)
    )
    rows = session.execute(query)
    return [Grant(role=Role(role), unit=unit, unit_name=name) for role, unit, name in rows]
