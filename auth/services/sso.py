"""Single sign-on: applications are registered, people let them in, codes become tokens."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.claims import claims
from auth.models import Account, AuthorizationCode, Client, Consent, SignInSession, Token
from auth.queries.sso import Access, application, claims_holder, current_sign_in
from auth.schemas.sso import NewClient, RegisterClient, Scope, SsoAction
from auth.services.sign_in import issue_token
from auth.services.signing import signing_key
from auth.services.usage import count_sign_in
from core import clock
from core.access import Actor, require
from core.crypto import token_hash
from core.errors import Conflict, NotFound
from core.messages import N_

CODE_LIFETIME = timedelta(seconds=60)
TOKEN_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an application asked for, as the code keeps it."""

    redirect_uri: str
    scope: str
    code_challenge: str
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Presented:
    """What an application presents for a token; ``code_challenge`` is made from its verifier."""

    code: str
    client_id: str
    redirect_uri: str
    code_challenge: str


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A code that was just used up, and the sign-in it came from."""

    code: AuthorizationCode
    account: Account
    sign_in: SignInSession


def create_client(session: Session, command: RegisterClient) -> NewClient:
    """Register an application. Raises Conflict ``client_exists``."""
    secret = None if command.public else command.secret or secrets.token_urlsafe(32)
    row = insert(Client).values(
        client_id=command.client_id,
        secret_hash=token_hash(secret) if secret else None,
        sector=urlsplit(command.redirect_uris[0]).hostname,
        created_at=clock.now(),
        **_given(command),
    )
    made = session.execute(row.on_conflict_do_nothing().returning(Client.client_id))
    if made.first() is None:
        raise Conflict("client_exists", N_("这个应用编号已经登记过，请换一个。"))
    signing_key(session, command.algorithm)  # in the key set before the first token
    return NewClient(client_id=command.client_id, secret=secret)


def ensure_client(session: Session, command: RegisterClient) -> NewClient:
    """Register an application, or bring the registered one to what is given; for set-ups that run
    again. A secret changes only where one is given. Raises Conflict where the registered one is of
    the other kind (public or not) or lives on another host, which would change its subjects.
    """
    known = session.get(Client, command.client_id)
    if known is None:
        return create_client(session, command)
    if command.public != (known.secret_hash is None):
        raise Conflict("client_kind", N_("已登记的应用与这次的类型（公开或持有密钥）不同。"))
    if urlsplit(command.redirect_uris[0]).hostname != known.sector:
        raise Conflict(
            "client_host",
            N_("已登记的应用在 %(host)s；换主机会让它认不出老用户，请另外登记。"),
            host=known.sector,
        )
    values = _given(command)
    if command.secret:
        values["secret_hash"] = token_hash(command.secret)
    session.execute(update(Client).where(Client.client_id == known.client_id).values(**values))
    signing_key(session, command.algorithm)
    return NewClient(client_id=known.client_id, secret=command.secret)


def give_consent(session: Session, actor: Actor, client: Client, scopes: Collection[str]) -> None:
    """Remember that the actor lets the application have ``scopes``, besides what it had."""
    require(session, actor, SsoAction.CONSENT, application(client.client_id, actor))
    rows = [
        {"account_id": actor.account_id, "client_id": client.client_id, "scope": scope}
        for scope in scopes
    ]
    session.execute(insert(Consent).on_conflict_do_nothing(), rows)


def withdraw_consent(session: Session, actor: Actor, client_id: str) -> None:
    """Forget the consent and end what the application holds by it. Raises NotFound."""
    require(session, actor, SsoAction.WITHDRAW, application(client_id, actor))
    mine = (Consent.account_id == actor.account_id, Consent.client_id == client_id)
    if not session.execute(delete(Consent).where(*mine).returning(Consent.scope)).all():
        raise NotFound()
    now = clock.now()
    sign_ins = select(SignInSession.id).where(SignInSession.account_id == actor.account_id)
    session.execute(
        update(AuthorizationCode)
        .where(
            AuthorizationCode.client_id == client_id,
            AuthorizationCode.session_id.in_(sign_ins),
            AuthorizationCode.expires_at > now,
        )
        .values(expires_at=now)
    )
    session.execute(
        update(Token)
        .where(
            Token.account_id == actor.account_id,
            Token.client_id == client_id,
            Token.ended_at.is_(None),
        )
        .values(ended_at=now)
    )


def issue_code(session: Session, actor: Actor, client: Client, asked: Asked, code: str) -> None:
    """Let ``code`` stand for the actor's present sign-in; only its hash is kept."""
    require(session, actor, SsoAction.SIGN_IN, application(client.client_id, actor))
    now = clock.now()
    session.add(
        AuthorizationCode(
            code_hash=token_hash(code),
            client_id=client.client_id,
            session_id=current_sign_in(session, actor).id,
            redirect_uri=asked.redirect_uri,
            scope=asked.scope,
            nonce=asked.nonce,
            code_challenge=asked.code_challenge,
            created_at=now,
            expires_at=now + CODE_LIFETIME,
        )
    )


def redeem_code(session: Session, presented: Presented) -> Redeemed | None:
    """Use a code up, with everything that must fit checked in one statement: of many at once one
    wins. None where it does not fit, or where its sign-in has ended meanwhile.
    """
    won = session.scalars(
        update(AuthorizationCode)
        .where(
            AuthorizationCode.code_hash == token_hash(presented.code),
            AuthorizationCode.client_id == presented.client_id,
            AuthorizationCode.redirect_uri == presented.redirect_uri,
            AuthorizationCode.code_challenge == presented.code_challenge,
            AuthorizationCode.redeemed_at.is_(None),
            AuthorizationCode.expires_at > clock.now(),
        )
        .values(redeemed_at=clock.now())
        .returning(AuthorizationCode)
    ).one_or_none()
    if won is None:
        return None
    query = (
        select(Account, SignInSession)
        .join(SignInSession, SignInSession.account_id == Account.id)
        .where(
            SignInSession.id == won.session_id,
            SignInSession.ended_at.is_(None),
            Account.disabled_at.is_(None),
        )
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    count_sign_in(session, won.client_id, row[0].id)
    return Redeemed(won, row[0], row[1])


def issue_access_token(session: Session, redeemed: Redeemed) -> str:
    """The token for a redeemed code: it opens userinfo for TOKEN_LIFETIME, and nothing else."""
    token = issue_token(
        session,
        redeemed.account.id,
        scope=redeemed.code.scope,
        lifetime=TOKEN_LIFETIME,
        client_id=redeemed.code.client_id,
        session_id=redeemed.sign_in.id,
    )
    redeemed.code.access_token_hash = token_hash(token)
    return token


def end_token_of_reused_code(session: Session, code: str, client_id: str) -> None:
    """A code that comes twice was stolen once: end the token it gave (RFC 6749, 4.1.2)."""
    given = select(AuthorizationCode.access_token_hash).where(
        AuthorizationCode.code_hash == token_hash(code),
        AuthorizationCode.client_id == client_id,
        AuthorizationCode.redeemed_at.is_not(None),
    )
    session.execute(
        update(Token)
        .where(Token.token_hash.in_(given), Token.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def read_claims(session: Session, access: Access, actor: Actor) -> dict[str, Any]:
    """What userinfo answers. ``actor`` is the holder of the access token."""
    require(session, actor, SsoAction.READ_CLAIMS, application(access.client.client_id, actor))
    about = claims_holder(session, access.account, access.sign_in)
    return claims(about, access.client.sector, access.scopes)


def _given(command: RegisterClient) -> dict[str, Any]:
    return {
        "name": command.name,
        "redirect_uris": command.redirect_uris,
        "post_logout_redirect_uris": command.post_logout_redirect_uris,
        "scopes": sorted({Scope.OPENID, *command.scopes}),
        "algorithm": command.algorithm,
    }
