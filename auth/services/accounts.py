"""Accounts and the roles they hold. ``operator`` acts from the command line without a policy."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from auth import passwords
from auth.models import Account, RoleGrant
from auth.services.sign_in import phone_index
from core.access import Role
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_


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
    account = Account(
        id=new_id(),
        username=username,
        display_name=display_name,
        password_hash=passwords.hash_password(password) if password else None,
        phone=phone,
        phone_index=phone_index(phone) if phone else None,
    )
    session.add(account)
    session.flush()
    return account


def grant_role(
    session: Session,
    account_id: UUID,
    role: Role,
    unit: str,
    unit_name: str,
    granted_by: UUID | None = None,
) -> RoleGrant:
    """Let the account hold ``role`` on ``unit`` and below it, from now."""
    grant = RoleGrant(
        id=new_id(),
        account_id=account_id,
        role=role,
        unit=unit,
        unit_name=unit_name,
        granted_by=granted_by,
    )
    session.add(grant)
    session.flush()
    return grant


def link_person(session: Session, account_id: UUID, person_id: UUID, name: str) -> None:
    """Join an account to the person it was proved to be. Raises Conflict where either is joined."""
    joined = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.person_id.is_(None))
        .values(person_id=person_id, display_name=name)
    )
    if joined.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("already_verified", N_("这个账号已完成实名认证。"))
