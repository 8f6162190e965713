"""Accounts and the roles they hold, without a policy: for operators, loaders and other services."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import passwords, ports
from auth.models import Account, RefreshFamily, RoleGrant, SignInSession, Token, UpstreamGrant
from auth.queries.grants import in_force, not_over
from auth.services.logout import end_on_the_way, end_sessions
from auth.services.sign_in import phone_index
from core import clock
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_, Message
from core.roles import DUTIES, GRANTED_ROLES, ROLE_NAMES, Role

# Without letters and digits that are taken for each other when read from paper.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
LETTERS_IN_PASSWORD = 14
ALREADY_GRANTED = N_("此人在这段时间已有这个角色。要改起止日期，请先收回再授予。")
# From when until when; None: for good.
Period: TypeAlias = tuple[datetime, datetime | None]
SEPARATE_HUMANS = N_(
    "这个人用另一个账号担任着另一种职务。管理员、安全管理员和审计员必须是不同的人。"
)
PHONE_TAKEN = N_("这个手机号已有账号，请直接用它登录。")


def create_account(
    session: Session,
    *,
    username: str | None,
    display_name: str,
    password: str | None = None,
    password_initial: bool = False,
    phone: str | None = None,
) -> Account:
    """A new account; an initial password must be changed at the first sign-in. Only invented people
    have a ``phone`` from the start: anybody else proves it.

    Raises Conflict for a taken name or phone, Invalid for a weak password.
    """
    if password is not None and (weak := passwords.weakness(password, [username, display_name])):
        raise Invalid("weak_password", fields={"password": weak})
    row = insert(Account).values(
        id=new_id(),
        username=username,
        display_name=display_name,
        password_hash=passwords.hash_password(password) if password else None,
        password_initial=password_initial,
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
    """Let the account hold ``role`` on ``unit`` and below it, from now; granting twice is once.

    Raises Conflict as ``add_grant`` does.
    """
    add_grant(session, account_id, role, unit, unit_name, granted_by)
    current = select(RoleGrant).where(
        RoleGrant.account_id == account_id,
        RoleGrant.role == role,
        RoleGrant.unit == unit,
        in_force(),
    )
    return session.scalars(current).one()


def add_grant(
    session: Session,
    account_id: UUID,
    role: Role,
    unit: str,
    unit_name: str,
    granted_by: UUID | None = None,
    period: Period | None = None,
) -> bool:
    """As ``grant_role``, for a ``period``; tells whether the role was not held before.

    Raises Conflict: ``separate_duties`` for one who holds another of the duties that exclude each
    other, ``already_granted`` where the role is held for another period that meets this one.
    """
    starts_at, ends_at = period or (clock.now(), None)
    human = session.scalar(select(Account.human_index).where(Account.id == account_id))
    row = insert(RoleGrant).values(
        id=new_id(),
        account_id=account_id,
        human_index=human,
        role=role,
        unit=unit,
        unit_name=unit_name,
        granted_by=granted_by,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    added = session.execute(row.on_conflict_do_nothing().returning(RoleGrant.id))
    if added.first() is not None:
        return True
    held = _in_the_way(session, (account_id, human), role, unit, (starts_at, ends_at))
    for other in held:
        if other.role != role:
            raise separate_duties(Role(other.role))
    if not any(_same_period(other, starts_at, ends_at) for other in held):
        raise Conflict("already_granted", ALREADY_GRANTED)
    return False


def separate_duties(held: Role) -> Conflict:
    """The refusal of a second duty; ``held`` is the first."""
    sentence = N_("此人已担任%(held)s。管理员、安全管理员和审计员必须是不同的人。")
    return Conflict("separate_duties", sentence, held=Message(ROLE_NAMES[held]))


def know_human(session: Session, account_id: UUID, mark: bytes) -> None:
    """Keep whose identity card was seen for an account. Raises Conflict: ``human_known`` where it
    was another's, ``separate_duties`` where that human holds another duty by another account.
    """
    known = session.execute(
        update(Account)
        .where(
            Account.id == account_id,
            or_(Account.human_index.is_(None), Account.human_index == mark),
        )
        .values(human_index=mark)
        .returning(Account.id)
    )
    if known.first() is None:
        raise Conflict("human_known", N_("这个账号已按另一张身份证核对过，不能更改。"))
    mine = (RoleGrant.account_id == account_id, RoleGrant.human_index.is_(None))
    try:
        with session.begin_nested():
            session.execute(update(RoleGrant).where(*mine).values(human_index=mark))
    except IntegrityError:
        raise Conflict("separate_duties", SEPARATE_HUMANS) from None


def _in_the_way(
    session: Session, holder: tuple[UUID, bytes | None], role: Role, unit: str, period: Period
) -> Sequence[RoleGrant]:
    """What an account, or its human by another one, holds in ``period`` that keeps it from being
    given ``role``, too.
    """
    account_id, human = holder
    by_human = (
        (RoleGrant.human_index == human) & RoleGrant.role.in_(DUTIES) & (RoleGrant.role != role)
    )
    theirs = RoleGrant.account_id == account_id
    if human is not None and role in DUTIES:
        theirs |= by_human
    excluding = DUTIES if role in DUTIES else (role,)
    moment = RoleGrant.starts_at.type
    wanted = func.tstzrange(*(literal(end, moment) for end in period))
    query = select(RoleGrant).where(
        theirs,
        or_(RoleGrant.role != role, RoleGrant.unit == unit),
        RoleGrant.role.in_(excluding),
        RoleGrant.ended_at.is_(None),
        func.tstzrange(RoleGrant.starts_at, RoleGrant.ends_at).op("&&")(wanted),
    )
    return session.scalars(query).all()


def _same_period(grant: RoleGrant, starts_at: datetime, ends_at: datetime | None) -> bool:
    begun = grant.starts_at <= starts_at <= clock.now()
    return grant.ends_at == ends_at and (begun or grant.starts_at == starts_at)


def end_grants(
    session: Session,
    units: Collection[str],
    *,
    account_id: UUID | None = None,
    roles: Collection[Role] = GRANTED_ROLES,
) -> int:
    """End the ``roles`` held on exactly these units, by everybody or by one account. Those that a
    provider's claim gave are not given by one again.

    Returns how many grants ended.
    """
    query = update(RoleGrant).where(
        RoleGrant.unit.in_(units), RoleGrant.role.in_(roles), not_over()
    )
    if account_id is not None:
        query = query.where(RoleGrant.account_id == account_id)
    mapped = exists().where(UpstreamGrant.grant_id == RoleGrant.id)
    ending = query.values(ended_at=clock.now(), withheld=mapped)
    ended = session.execute(ending.returning(RoleGrant.id))
    return len(ended.all())


def end_sign_ins(session: Session, account_id: UUID) -> None:
    """End every session of an account, what was on its way to one, and all that was given in its
    name.
    """
    end_on_the_way(session, [account_id])
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
    mark = ports.identity_desk().mark_of_person(session, person_id)
    if mark is not None:
        know_human(session, account_id, mark)


def accounts_of_people(session: Session, person_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The account of each of these people who has one."""
    query = select(Account.person_id, Account.id).where(Account.person_id.in_(person_ids))
    return {person_id: account_id for person_id, account_id in session.execute(query) if person_id}


def move_account(session: Session, from_person: UUID, to_person: UUID) -> bool:
    """Two records of one person became one, or two again: whose account it is. The caller knows
    that the taker has none. Whether there was one.
    """
    moved = session.scalar(
        update(Account)
        .where(Account.person_id == from_person)
        .values(person_id=to_person)
        .returning(Account.id)
    )
    return moved is not None
