"""From a session or bearer token to an Actor, with one statement."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, func, null, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from auth.claims import Assurance
from auth.models import Account, RoleGrant, SignInSession, Token
from auth.queries.grants import in_force
from core import clock
from core.access import Actor, Role
from core.crypto import token_hash
from core.statements import Statement, Where

# A session of staff that lies idle as long ends (NIST SP 800-63B, 4.2.3).
STAFF_IDLE = timedelta(minutes=30)
ACCOUNT, SESSION, TOKEN = Account.__table__, SignInSession.__table__, Token.__table__
GRANT = RoleGrant.__table__
# The grants of an account that count now as an array of 'role unit', joined laterally.
GRANTS = (
    select(
        func.array_agg(
            aggregate_order_by(GRANT.c.role + " " + cast(GRANT.c.unit, Text), GRANT.c.created_at)
        ).label("grants")
    )
    .where(GRANT.c.account_id == ACCOUNT.c.id, in_force(bindparam("now"), GRANT.c))
    .lateral()
)
# Built once, on the tables themselves: one of them runs at the head of every request.
OF_ACCOUNT = (
    select(ACCOUNT.c.id, ACCOUNT.c.display_name, ACCOUNT.c.person_id, GRANTS.c.grants)
    .join_from(ACCOUNT, GRANTS, true())
    .where(ACCOUNT.c.disabled_at.is_(None))
)
OF_SESSION = Statement(
    OF_ACCOUNT.add_columns(
        SESSION.c.id.label("session_id"),
        SESSION.c.active_role,
        SESSION.c.assurance,
        SESSION.c.authenticated_at,
        SESSION.c.last_seen_at,
    )
    .join(SESSION, SESSION.c.account_id == ACCOUNT.c.id)
    .where(
        SESSION.c.token_hash == bindparam("hash"),
        SESSION.c.ended_at.is_(None),
        SESSION.c.expires_at > bindparam("now"),
        or_(GRANTS.c.grants.is_(None), SESSION.c.last_seen_at > bindparam("idle_since")),
    )
)
# A token given to an application ends with the session it was made in.
OF_TOKEN = Statement(
    OF_ACCOUNT.add_columns(
        TOKEN.c.scope,
        TOKEN.c.session_id,
        null().label("active_role"),
        func.coalesce(SESSION.c.assurance, Assurance.ONE_FACTOR).label("assurance"),
        func.coalesce(SESSION.c.authenticated_at, TOKEN.c.created_at).label("authenticated_at"),
        SESSION.c.last_seen_at,
    )
    .join(TOKEN, TOKEN.c.account_id == ACCOUNT.c.id)
    .outerjoin(SESSION, SESSION.c.id == TOKEN.c.session_id)
    .where(
        TOKEN.c.token_hash == bindparam("hash"),
        TOKEN.c.ended_at.is_(None),
        TOKEN.c.expires_at > bindparam("now"),
        SESSION.c.ended_at.is_(None),
        or_(
            GRANTS.c.grants.is_(None),
            SESSION.c.id.is_(None),
            SESSION.c.last_seen_at > bindparam("idle_since"),
        ),
    )
)


def actor_of_session(where: Where, token: str) -> Actor | None:
    """The actor of a live browser session, or None."""
    row = OF_SESSION.first(where, _live(token))
    return _signed_in(row) if row else None


def actor_of_token(where: Where, token: str) -> tuple[Actor, str] | None:
    """The actor of a live bearer token and its scope, or None."""
    row = OF_TOKEN.first(where, _live(token))
    return (_signed_in(row), row.scope) if row else None


def actor_of_account(session: Session, account_id: UUID) -> Actor | None:
    """The actor of an account that may sign in; for operators and tests."""
    query = OF_ACCOUNT.where(ACCOUNT.c.id == account_id)
    row = session.execute(query, {"now": clock.now()}).one_or_none()
    return actor_of_row(row) if row else None


def _live(token: str) -> dict[str, Any]:
    now = clock.now()
    return {"hash": token_hash(token), "now": now, "idle_since": now - STAFF_IDLE}


def _signed_in(row: Any) -> Actor:
    return replace(
        actor_of_row(row),
        session_id=row.session_id,
        active_role=Role(row.active_role) if row.active_role else Role.RESIDENT,
        assurance=row.assurance,
        authenticated_at=row.authenticated_at,
        last_seen_at=row.last_seen_at,
    )


def actor_of_row(row: Any) -> Actor:
    """The actor that a row of OF_ACCOUNT tells of."""
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
    )
