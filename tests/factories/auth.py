"""Accounts, sessions and tokens for tests."""

import secrets
from datetime import timedelta
from itertools import count
from uuid import UUID

from sqlalchemy.orm import Session

from auth.claims import Assurance, Method
from auth.models import Account
from auth.queries.actors import actor_of_account
from auth.services.accounts import grant_role
from auth.services.sign_in import Origin, issue_token, open_session, phone_index
from core.access import Actor, Role
from core.ids import new_id

_numbers = count(1)
PASSWORD = "correct horse battery"


def make_phone() -> str:
    """A phone of the reserved demo range."""
    return f"120{next(_numbers):08d}"


def make_account(
    session: Session,
    *,
    name: str = "测试账号",
    username: str | None = None,
    phone: str | None = None,
    person_id: UUID | None = None,
    roles: dict[Role, list[str]] | None = None,
) -> Account:
    """An account with roles on units."""
    if username is None and phone is None:
        username = f"user-{next(_numbers)}"
    account = Account(
        id=new_id(),
        username=username,
        display_name=name,
        phone=phone,
        phone_index=phone_index(phone) if phone else None,
        person_id=person_id,
        # Whoever has no phone is staff, and each is somebody else.
        human_index=None if phone else secrets.token_bytes(32),
    )
    session.add(account)
    session.flush()
    for role, units in (roles or {}).items():
        for unit in units:
            grant_role(session, account.id, role, unit, unit)
    return account


def open_browser_session(
    session: Session, account_id: UUID, assurance: Assurance = Assurance.PHISHING_RESISTANT
) -> str:
    """The token of a new browser session."""
    account = session.get_one(Account, account_id)
    # A browser that is no news to the account's owner.
    where = Origin("127.0.0.1", device=f"the browser of {account_id}")
    return open_session(session, account, [Method.PASSWORD], where, assurance).token


def make_token(session: Session, account_id: UUID, scope: str = "portal") -> str:
    """A bearer token."""
    return issue_token(session, account_id, scope=scope, lifetime=timedelta(hours=1))


def overseer(session: Session, role: Role, *units: str, name: str = "管理员甲") -> Actor:
    """One with this role on these units, as the request of theirs would say."""
    account = make_account(session, name=name, roles={role: list(units)})
    return actor_for(session, account.id)


def actor_for(session: Session, account_id: UUID) -> Actor:
    """The actor of an account as of now."""
    actor = actor_of_account(session, account_id)
    assert actor is not None
    return actor
