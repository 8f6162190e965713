"""What an account can be proved with, and how a sign-in stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, exists, func, select
from sqlalchemy.orm import Session

from auth.assurance import assurance_of
from auth.claims import Assurance, Method
from auth.models import (
    Account,
    Device,
    Notice,
    Passkey,
    PendingSignIn,
    RecoveryCode,
    RoleGrant,
    SignInSession,
    Totp,
)
from auth.queries.accounts import holder
from auth.queries.grants import not_over
from auth.schemas import (
    DueNotice,
    FailedSignIns,
    NoticeKind,
    PasskeyView,
    Security,
    SecurityAction,
    SessionView,
    Step,
)
from core import clock
from core.access import Actor, Resource, require
from core.crypto import token_hash
from core.errors import Denied
from core.masking import masked_address, masked_phone
from core.models import AuditEvent
from core.statements import Statement

# In which order means are offered.
OFFERED = (
    Method.PASSKEY,
    Method.ONE_TIME_CODE,
    Method.SMS,
    Method.PASSWORD,
    Method.RECOVERY_CODE,
)


ACCOUNT, DEVICE = cast(Table, Account.__table__), cast(Table, Device.__table__)
KNOWN = Statement(
    select(DEVICE.c.id)
    .join(ACCOUNT, ACCOUNT.c.id == DEVICE.c.account_id)
    .where(ACCOUNT.c.username == bindparam("name"), DEVICE.c.token_hash == bindparam("hash"))
)
FAILED_DAYS = 30
# Where the owner of an account objects to its recovery by somebody else.
OBJECTION_PATH = "/auth/objection"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account has to prove itself with, and whether it must with two."""

    account: Account
    means: frozenset[Method]
    staff: bool

    @property
    def needs_two(self) -> bool:
        """Staff always; a resident who set up a stronger means, as nothing weaker opens it then."""
        return self.staff or bool(self.means & {Method.ONE_TIME_CODE, Method.PASSKEY})

    def step(self, methods: Sequence[Method]) -> Step | None:
        """What a sign-in that was proved by ``methods`` still waits for; None is nothing."""
        if self.needs_two and assurance_of(methods) < Assurance.TWO_FACTORS:
            return Step.SECOND_FACTOR if self.means - set(methods) else Step.SET_UP
        if Method.PASSWORD in methods and self.account.password_initial:
            return Step.NEW_PASSWORD
        return None

    def offers(self, methods: Sequence[Method]) -> tuple[Method, ...]:
        """What could be proved besides, the strongest first."""
        return tuple(method for method in OFFERED if method in self.means - set(methods))

    def renewals(self, methods: Sequence[Method]) -> tuple[Method, ...]:
        """What makes a session of ``methods`` as sure as it can be, and new. A password, which may
        be kept in the browser, is asked for only where there is nothing else.
        """
        wanted = min(assurance_of(self.means), Assurance.TWO_FACTORS)
        helping = tuple(
            method for method in self.offers(()) if assurance_of([*methods, method]) >= wanted
        )
        without = tuple(method for method in helping if method is not Method.PASSWORD)
        return without or helping


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who was proved to be the account's holder by ``methods``: in a sign-in on its way,
    or in a session, who is to prove it better or anew. ``offers`` are what would help.
    """

    account_id: UUID
    methods: tuple[Method, ...]
    offers: tuple[Method, ...]
    pending_id: UUID | None = None
    session_id: UUID | None = None


def _exists(
    table: type[RoleGrant | Totp | Passkey | RecoveryCode], *conditions: ColumnElement[bool]
) -> ColumnElement[bool]:
    return exists().where(table.account_id == Account.id, *conditions).correlate(Account)


STANDING = select(
    Account,
    _exists(RoleGrant, not_over()),
    _exists(Totp, Totp.confirmed_at.is_not(None)),
    _exists(Passkey),
    _exists(RecoveryCode, RecoveryCode.used_at.is_(None)),
).where(Account.id == bindparam("account_id"))


def standing_of(session: Session, account_id: UUID) -> Standing:
    """Read with one statement."""
    row = session.execute(STANDING, {"account_id": account_id}).one()
    account, staff, totp, passkey, codes = row
    has = {
        Method.PASSWORD: account.password_hash is not None,
        Method.SMS: account.phone_index is not None,
        Method.ONE_TIME_CODE: totp,
        Method.PASSKEY: passkey,
        Method.RECOVERY_CODE: codes,
    }
    return Standing(account, frozenset(method for method, there in has.items() if there), staff)


def means_of(session: Session, account_id: UUID) -> frozenset[Method]:
    """What an account can be proved with."""
    return standing_of(session, account_id).means


def masked_phone_of(session: Session, account_id: UUID) -> str | None:
    """The account's phone as its owner recognises it."""
    phone = session.scalar(select(Account.phone).where(Account.id == account_id))
    return masked_phone(phone) if phone else None


def person_and_phone(session: Session, account_id: UUID) -> tuple[UUID | None, str | None]:
    """Whose account it is, and its phone as it is now."""
    row = session.execute(
        select(Account.person_id, Account.phone).where(Account.id == account_id)
    ).one()
    return row.person_id, row.phone


def find_pending(session: Session, token: str) -> Candidate | None:
    """The live sign-in that ``token`` names, of an account that may sign in."""
    row = session.execute(
        select(PendingSignIn.id, PendingSignIn.account_id, PendingSignIn.methods)
        .join(Account, Account.id == PendingSignIn.account_id)
        .where(
            PendingSignIn.token_hash == token_hash(token),
            PendingSignIn.ended_at.is_(None),
            PendingSignIn.expires_at > clock.now(),
            Account.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    methods = tuple(Method(name) for name in row.methods)
    offers = standing_of(session, row.account_id).offers(methods)
    return Candidate(row.account_id, methods, offers, pending_id=row.id)


def candidate_of(session: Session, actor: Actor) -> Candidate:
    """The holder of a session, who is to prove who they are again. Raises Denied for a token of
    the console, which has none.
    """
    record = session.get(SignInSession, actor.session_id) if actor.session_id else None
    if record is None:
        raise Denied()
    methods = tuple(Method(name) for name in record.methods)
    offers = standing_of(session, actor.account_id).renewals(methods)
    return Candidate(actor.account_id, methods, offers, session_id=record.id)


def knows_device(session: Session, account_id: UUID | None, device: str) -> bool:
    """Whether this browser signed in to the account before."""
    known = select(Device.id).where(
        Device.account_id == account_id, Device.token_hash == token_hash(device)
    )
    return bool(device) and session.scalar(known) is not None


def name_knows_device(session: Session, username: str, device: str) -> bool:
    """Whether this browser signed in to the account of that name before; asked in the same way
    where there is none.
    """
    given = {"name": username, "hash": token_hash(device)}
    return bool(device) and KNOWN.first(session, given) is not None


def find_due_notice(session: Session, notice_id: UUID) -> DueNotice | None:
    """News to be sent, with where its owner can be reached."""
    row = session.execute(
        select(Notice, Account.person_id)
        .join(Account, Account.id == Notice.account_id)
        .where(Notice.id == notice_id)
    ).one_or_none()
    if row is None:
        return None
    notice, person_id = row
    return DueNotice(
        id=notice.id,
        kind=NoticeKind(notice.kind),
        person_id=person_id,
        phone=notice.phone,
        link=f"{OBJECTION_PATH}?code={notice.secret}" if notice.secret else None,
        at=notice.created_at,
    )


def own_account(actor: Actor) -> Resource:
    """The actor's account as the policy sees it."""
    who = str(actor.account_id)
    return Resource("OwnAccount", who, actor.person_id, more={"holder": holder(actor.account_id)})


def read_security(session: Session, actor: Actor) -> Security:
    """How the actor's account is protected."""
    require(session, actor, SecurityAction.READ, own_account(actor))
    standing = standing_of(session, actor.account_id)
    account = standing.account
    totp = session.get(Totp, account.id)
    keys = session.scalars(
        select(Passkey).where(Passkey.account_id == account.id).order_by(Passkey.created_at)
    )
    codes = select(func.count()).where(
        RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None)
    )
    return Security(
        username=account.username,
        masked_phone=masked_phone(account.phone) if account.phone else None,
        has_password=account.password_hash is not None,
        totp_since=totp.confirmed_at if totp else None,
        passkeys=[PasskeyView.model_validate(key, from_attributes=True) for key in keys],
        recovery_codes=session.scalar(codes) or 0,
        holds_a_role=standing.staff,
        failed=_failed_sign_ins(session, account.id),
    )


def _failed_sign_ins(session: Session, account_id: UUID) -> FailedSignIns:
    """How often somebody named the account and could not prove it, lately."""
    query = select(func.count(), func.max(AuditEvent.at)).where(
        AuditEvent.account_id == account_id,
        AuditEvent.at > clock.now() - timedelta(days=FAILED_DAYS),
        AuditEvent.action.in_(("auth:sign-in", "auth:step-up")),
        AuditEvent.outcome == "denied",
    )
    count, last = session.execute(query).one()
    return FailedSignIns(count=count, last_at=last)


def list_sessions(session: Session, actor: Actor) -> list[SessionView]:
    """The actor's open sessions, the latest used first."""
    require(session, actor, SecurityAction.READ, own_account(actor))
    rows = session.scalars(
        select(SignInSession)
        .where(
            SignInSession.account_id == actor.account_id,
            SignInSession.ended_at.is_(None),
            SignInSession.expires_at > clock.now(),
        )
        .order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc())
    )
    return [
        SessionView(
            id=row.id,
            channel=row.channel,
            user_agent=row.user_agent,
            address=masked_address(row.address),
            methods=row.methods,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            current=row.id == actor.session_id,
        )
        for row in rows
    ]


def is_phone_taken(session: Session, phone_index: bytes) -> bool:
    """Whether an account of somebody who passed the real-name check has the phone."""
    taken = select(Account.id).where(
        Account.phone_index == phone_index, Account.person_id.is_not(None)
    )
    return session.scalar(taken) is not None
