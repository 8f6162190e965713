"""Signing in and out. No answer or timing tells whether an account exists."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth import passwords
from auth.claims import Assurance, Method
from auth.models import Account, Challenge, RoleGrant, SignInSession, Token
from auth.schemas import (
    ChallengeSent,
    ConfirmCode,
    PasswordSignIn,
    RequestCode,
    SignedIn,
)
from auth.services import limits
from auth.services.logout import end_sessions
from core import audit, clock
from core.access import Actor, Role
from core.crypto import blind_index, token_hash
from core.errors import Denied, Invalid
from core.ids import new_id
from core.masking import masked_phone
from core.messages import N_

CODE_MINUTES = 5
CODE_TRIES = 5
CODES_PER_PHONE_HOUR = 5
CODES_PER_ADDRESS_HOUR = 60
PASSWORD_TRIES_PER_NAME = 10
PASSWORD_TRIES_PER_ADDRESS = 100
SESSION_LIFETIME = timedelta(hours=12)
# The scope of our own clients; a token without it is no key to our API.
PORTAL_SCOPE = "portal"
# Which role a person with several begins in: the one with the most work waiting.
FIRST_ROLES = (Role.ADMINISTRATOR, Role.LEADER, Role.MEMBER, Role.REGISTRAR, Role.ANALYST)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sign-in comes from."""

    address: str
    request_id: str = ""
    channel: str = "web"


def phone_index(phone: str) -> bytes:
    """The blind index by which an account is found from its phone."""
    return blind_index(phone, "phone")


def request_code(
    session: Session, command: RequestCode, origin: Origin
) -> tuple[ChallengeSent, str]:
    """Make a code for a phone. The caller sends it after the commit and never shows it.

    Raises TooMany by phone or by address.
    """
    hour = timedelta(hours=1)
    limits.count_try(session, "phone", command.phone, CODES_PER_PHONE_HOUR, hour)
    limits.count_try(session, "address", origin.address, CODES_PER_ADDRESS_HOUR, hour)
    code = f"{secrets.randbelow(1_000_000):06d}"
    now = clock.now()
    challenge = Challenge(
        id=new_id(),
        phone=command.phone,
        phone_index=phone_index(command.phone),
        code_hash=b"",
        created_at=now,
        expires_at=now + timedelta(minutes=CODE_MINUTES),
    )
    challenge.code_hash = _code_hash(challenge.id, code)
    session.add(challenge)
    return ChallengeSent(challenge_id=challenge.id, expires_at=challenge.expires_at), code


def count_try(session: Session, challenge_id: UUID) -> bool:
    """Take one of a challenge's tries; in a transaction of its own, so that a refusal keeps it."""
    taken = session.execute(
        update(Challenge)
        .where(
            Challenge.id == challenge_id,
            Challenge.used_at.is_(None),
            Challenge.expires_at > clock.now(),
            Challenge.tries < CODE_TRIES,
        )
        .values(tries=Challenge.tries + 1)
    )
    return taken.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def confirm_code(session: Session, command: ConfirmCode, origin: Origin) -> SignedIn:
    """Sign in by the code; a first sign-in makes the account. ``count_try`` came before.

    Raises Invalid ``wrong_code``.
    """
    digest = _code_hash(command.challenge_id, command.code)
    challenge = session.execute(
        update(Challenge)
        .where(
            Challenge.id == command.challenge_id,
            Challenge.code_hash == digest,
            Challenge.used_at.is_(None),
            Challenge.expires_at > clock.now(),
        )
        .values(used_at=clock.now())
        .returning(Challenge)
    ).scalar_one_or_none()
    if challenge is None:
        raise wrong_code()
    account = _account_of_phone(session, challenge)
    if account.disabled_at is not None:
        raise wrong_code()
    limits.forgive(session, "phone", challenge.phone)
    limits.forgive_last(session, "address", origin.address)
    return open_session(session, account, [Method.SMS], origin)


def wrong_code() -> Invalid:
    """The one refusal for a code that is wrong, used, expired or tried too often."""
    sentence = N_("验证码不对或已失效，请核对，或重新获取。")
    return Invalid("wrong_code", sentence, fields={"code": sentence})


def find_by_username(session: Session, username: str) -> Account | None:
    """The account of that name, whether or not it may sign in."""
    return session.scalar(select(Account).where(Account.username == username))


def count_password_try(session: Session, command: PasswordSignIn, origin: Origin) -> None:
    """Count a try before the costly hash; in a transaction of its own. Raises TooMany."""
    quarter = timedelta(minutes=15)
    limits.count_try(session, "name", command.username, PASSWORD_TRIES_PER_NAME, quarter)
    limits.count_try(session, "password from", origin.address, PASSWORD_TRIES_PER_ADDRESS, quarter)


def sign_in_by_password(session: Session, command: PasswordSignIn, origin: Origin) -> SignedIn:
    """Sign in staff. Raises Invalid ``wrong_password``."""
    account = find_by_username(session, command.username)
    right = passwords.matches(account.password_hash if account else None, command.password)
    if account is None or not right or account.disabled_at is not None:
        sentence = N_("用户名或密码不对，请核对后再试。")
        raise Invalid("wrong_password", sentence, fields={"password": sentence})
    limits.forgive(session, "name", command.username)
    limits.forgive_last(session, "password from", origin.address)
    return open_session(session, account, [Method.PASSWORD], origin)


def open_session(
    session: Session,
    account: Account,
    methods: Sequence[Method],
    origin: Origin,
    assurance: Assurance = Assurance.ONE_FACTOR,
) -> SignedIn:
    """Begin a session for an account that has just proved who it is; audited."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    record = SignInSession(
        id=new_id(),
        token_hash=token_hash(token),
        account_id=account.id,
        methods=list(methods),
        assurance=assurance,
        authenticated_at=now,
        active_role=_first_role(session, account),
        address=origin.address,
        created_at=now,
        expires_at=now + SESSION_LIFETIME,
    )
    session.add(record)
    _note(session, account.id, "auth:sign-in", origin)
    return SignedIn(account_id=account.id, token=token, expires_at=record.expires_at)


def session_id_of(session: Session, token: str) -> UUID:
    """The id of the session that ``token`` opened."""
    query = select(SignInSession.id).where(SignInSession.token_hash == token_hash(token))
    return session.execute(query).scalar_one()


def end_session(session: Session, actor: Actor) -> None:
    """Sign out: the session and the tokens that applications got in it end together, or the tokens
    made at the console, which have no session.
    """
    if actor.session_id is not None:
        end_sessions(session, SignInSession.id == actor.session_id)
    else:
        session.execute(
            update(Token)
            .where(
                Token.account_id == actor.account_id,
                Token.session_id.is_(None),
                Token.ended_at.is_(None),
            )
            .values(ended_at=clock.now())
        )
    origin = Origin(actor.address, actor.request_id, actor.channel)
    _note(session, actor.account_id, "auth:sign-out", origin)


def switch_role(session: Session, actor: Actor, role: Role) -> None:
    """Choose which of the actor's roles the shell shows. Raises Denied for one not held."""
    if role not in actor.roles:
        raise Denied()
    session.execute(
        update(SignInSession).where(SignInSession.id == actor.session_id).values(active_role=role)
    )


def issue_token(
    session: Session,
    account_id: UUID,
    *,
    scope: str,
    lifetime: timedelta,
    client_id: str | None = None,
    session_id: UUID | None = None,
) -> str:
    """A new bearer token; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    session.add(
        Token(
            token_hash=token_hash(token),
            account_id=account_id,
            session_id=session_id,
            client_id=client_id,
            scope=scope,
            expires_at=clock.now() + lifetime,
        )
    )
    return token


def _account_of_phone(session: Session, challenge: Challenge) -> Account:
    """The phone's account, made by its first sign-in; of two at once one makes it."""
    row = insert(Account).values(
        id=new_id(),
        display_name=masked_phone(challenge.phone),
        phone=challenge.phone,
        phone_index=challenge.phone_index,
    )
    known = select(Account).where(Account.phone_index == challenge.phone_index)
    account = session.scalar(known)
    if account is None:
        session.execute(row.on_conflict_do_nothing())
        account = session.scalars(known).one()
    return account


def _first_role(session: Session, account: Account) -> Role:
    held = set(
        session.scalars(
            select(RoleGrant.role).where(
                RoleGrant.account_id == account.id, RoleGrant.ended_at.is_(None)
            )
        )
    )
    return next((role for role in FIRST_ROLES if role in held), Role.RESIDENT)


def _code_hash(challenge_id: UUID, code: str) -> bytes:
    return hmac.digest(challenge_id.bytes, blind_index(code, "code"), "sha256")


def _note(session: Session, account_id: UUID, action: str, origin: Origin) -> None:
    event = audit.row(
        account_id,
        action,
        "Account",
        str(account_id),
        channel=origin.channel,
        address=origin.address,
        request_id=origin.request_id,
    )
    audit.note(session, event)
