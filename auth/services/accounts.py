"""Accounts and the roles they hold, without a policy: for operators, loaders and other services."""

import secrets
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth import passwords
from auth.models import Account, RefreshFamily, RoleGrant, SignInSession, Token
from auth.services.logout import end_sessions
from auth.services.sign_in import phone_index
from core import clock
from core.access import GRANTED_ROLES, Role
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_

# Without letters and digits that are taken for each other when read from paper.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
LETTERS_IN_PASSWORD = 14
PHONE_TAKEN = N_("这个手机号已有账号，请直接用它登录。")


def create_account(
    session: Session,
    *,
    username: str | None,
    display_name: str,
    password: str | None = None,
    phone: str | None = None,
) -> Account:
    """A new account. Raises Conflict for a taken name or phone, Invalid for a weak password."""
    if password is not None and len(password) < passwords.SHORTEST:
        raise Invalid("weak_password", fields={"password": N_("密码至少需要 10 位。")})
    row = insert(Account).values(
        id=new_id(),
        username=username,
        display_name=display_name,
        password_hash=passwords.hash_password(password) if password else None,
        phone=phone,
        phone_index=phone_index(phone) if phone else None,
    )
    account = session.scalars(row.on_conflict_do_nothing().returning(Account)).one_or_none()
    if account is None:
        raise username_taken() if username else Conflict("phone_taken", PHONE_TAKEN)
    return account


def username_taken() -> Conflict:
    """The refusal of a sign-in name that another account has."""
    sentence = N_("这个登录名已有人使用，请换一个。")
    return Conflict("username_taken", sentence, fields={"username": sentence})


def make_password() -> str:
    """A random initial password of about 69 bits that is easy to type."""
    return "".join(secrets.choice(LETTERS) for _ in range(LETTERS_IN_PASSWORD))


def grant_role(
    session: Session,
    account_id: UUID,
    role: Role,
    unit: str,
    unit_name: str,
    granted_by: UUID | None = None,
) -> RoleGrant:
    """Let the account hold ``role`` on ``unit`` and below it, from now; granting twice is once."""
    add_grant(session, account_id, role, unit, unit_name, granted_by)
    current = select(RoleGrant).where(
        RoleGrant.account_id == account_id,
        RoleGrant.role == role,
        RoleGrant.unit == unit,
        RoleGrant.ended_at.is_(None),
    )
    return session.scalars(current).one()


def add_grant(
    session: Session,
    account_id: UUID,
    role: Role,
    unit: str,
    unit_name: str,
    granted_by: UUID | None = None,
) -> bool:
    """As ``grant_role``; tells whether the role was not held before."""
    row = insert(RoleGrant).values(
        id=new_id(),
        account_id=account_id,
        role=role,
        unit=unit,
        unit_name=unit_name,
        granted_by=granted_by,
    )
    added = session.execute(row.on_conflict_do_nothing().returning(RoleGrant.id))
    return added.first() is not None


def end_grants(
    session: Session,
    units: Collection[str],
    *,
    account_id: UUID | None = None,
    roles: Collection[Role] = GRANTED_ROLES,
) -> int:
    """End the ``roles`` held on exactly these units, by everybody or by one account.

    Returns how many grants ended.
    """
    query = update(RoleGrant).where(
        RoleGrant.unit.in_(units), RoleGrant.role.in_(roles), RoleGrant.ended_at.is_(None)
    )
    if account_id is not None:
        query = query.where(RoleGrant.account_id == account_id)
    ended = session.execute(query.values(ended_at=clock.now()).returning(RoleGrant.id))
    return len(ended.all())


def end_sign_ins(session: Session, account_id: UUID) -> None:
    """End every session of an account and all that was given in its name."""
    end_sessions(session, SignInSession.account_id == account_id)
    for held in (Token, RefreshFamily):
        session.execute(
            update(held)
            .where(held.account_id == account_id, held.ended_at.is_(None))
            .values(ended_at=clock.now())
        )


def link_person(session: Session, account_id: UUID, person_id: UUID, name: str) -> None:
    """Join an account to the person it was proved to be. Raises Conflict where either is joined."""
    joined = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.person_id.is_(None))
        .values(person_id=person_id, display_name=name)
    )
    if joined.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("already_verified", N_("这个账号已完成实名认证。"))
