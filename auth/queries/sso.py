"""Applications and what they were given."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, any_, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session

from auth.claims import Holder, kept_claims
from auth.models import Account, Client, Consent, LogoutNotice, RefreshFamily, SignInSession
from auth.queries.accounts import holder
from auth.queries.actors import (
    ACCOUNT,
    OF_ACCOUNT,
    SESSION,
    TOKEN,
    actor_of_account,
    actor_of_row,
)
from auth.schemas.sso import (
    AuthorizedApplication,
    GrantType,
    NoticeState,
    Scope,
    ToldApplication,
)
from core import clock
from core.access import Actor, Resource
from core.crypto import token_hash
from core.jobs import MOST_ATTEMPTS
from core.statements import Statement, Where

CLIENT = cast(Table, Client.__table__)
FAMILY = cast(Table, RefreshFamily.__table__)
# Notices that the owner of the sessions is shown; the page is no log.
MOST_TOLD = 50


def outlives(family: Any, client: Any) -> ColumnElement[bool]:
    """Whether what comes from the family goes on after its session: for as long as the application
    may have offline access at all.
    """
    return and_(family.offline, literal(Scope.OFFLINE.value) == any_(client.scopes))


CONSENT = cast(Table, Consent.__table__)
# Held until the code is written: who withdraws meanwhile waits, and finds the code to end.
CONSENTED = Statement(
    select(CONSENT.c.scope)
    .where(
        CONSENT.c.account_id == bindparam("account_id"),
        CONSENT.c.client_id == bindparam("client_id"),
    )
    .with_for_update(read=True, key_share=True)
)
# Whose token it is, with all that userinfo may tell. It ends with its session, unless it comes
# from a family that outlives it.
OF_ACCESS = Statement(
    OF_ACCOUNT.add_columns(
        ACCOUNT.c.username,
        ACCOUNT.c.phone,
        CLIENT.c.client_id,
        CLIENT.c.sector,
        CLIENT.c.scopes.label("registered"),
        TOKEN.c.scope,
        TOKEN.c.claims,
    )
    .join(TOKEN, TOKEN.c.account_id == ACCOUNT.c.id)
    .join(CLIENT, CLIENT.c.client_id == TOKEN.c.client_id)
    .join(SESSION, SESSION.c.id == TOKEN.c.session_id)
    .outerjoin(FAMILY, FAMILY.c.id == TOKEN.c.grant_id)
    .where(
        TOKEN.c.token_hash == bindparam("hash"),
        TOKEN.c.ended_at.is_(None),
        TOKEN.c.expires_at > bindparam("now"),
        FAMILY.c.ended_at.is_(None),
        CLIENT.c.disabled_at.is_(None),
        or_(SESSION.c.ended_at.is_(None), outlives(FAMILY.c, CLIENT.c)),
    )
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered application as the protocol reads it: a row of Client, on the hottest path,
    where to load an entity costs more than to ask for it.
    """

    client_id: str
    name: str
    secret_hash: bytes | None
    old_secret_hash: bytes | None
    old_secret_ends_at: datetime | None
    jwks: Mapping[str, Any] | None
    grants: Sequence[str]
    redirect_uris: Sequence[str]
    post_logout_redirect_uris: Sequence[str]
    require_par: bool
    scopes: Sequence[str]
    service_scopes: Sequence[str]
    guarded_scopes: Sequence[str]
    algorithm: str
    sector: str


OF_CLIENT = Statement(
    select(*(CLIENT.c[field.name] for field in fields(Registered))).where(
        CLIENT.c.client_id == bindparam("client_id"), CLIENT.c.disabled_at.is_(None)
    )
)
# A sector is the host of all redirect URIs.
PUBLIC_AT = Statement(
    select(CLIENT.c.redirect_uris).where(
        CLIENT.c.sector == bindparam("host"),
        CLIENT.c.secret_hash.is_(None),
        CLIENT.c.jwks.is_(None),
        CLIENT.c.disabled_at.is_(None),
        literal(GrantType.CODE.value) == any_(CLIENT.c.grants),
    )
)


@dataclass(frozen=True, slots=True)
class Access:
    """A live access token: whose it is, which application's, and what it opens."""

    client_id: str
    sector: str
    scopes: frozenset[str]
    claims: Sequence[str]
    actor: Actor
    holder: Holder


def find_client(session: Session, client_id: str) -> Registered | None:
    """The registered application, unless it is disabled."""
    row = OF_CLIENT.first(session, {"client_id": client_id})
    return Registered(*row) if row else None


def is_public_origin(where: Where, origin: str) -> bool:
    """Whether people come back from here to a public application at this origin, as a browser
    writes it (RFC 6454, 6.2).
    """
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        return False
    rows = PUBLIC_AT.rows(where, {"host": host}) if host else []
    return any(_origin_of(address) == origin for row in rows for address in row.redirect_uris)


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    default = {"https": 443, "http": 80}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port not in (None, default) else ""
    return f"{parts.scheme}://{host}{port}"


def find_access(session: Session, token: str) -> Access | None:
    """What a token that an application presents stands for, within the scopes that the application
    is registered with now.
    """
    given = {"hash": token_hash(token), "now": clock.now()}
    row = OF_ACCESS.first(session, given)
    if row is None:
        return None
    actor = actor_of_row(row)
    return Access(
        client_id=row.client_id,
        sector=row.sector,
        scopes=frozenset(row.scope.split()).intersection(row.registered),
        claims=kept_claims(row.claims, "userinfo", row.registered),
        actor=actor,
        holder=_holder(row, actor),
    )


def has_consent(session: Session, actor: Actor, client_id: str, scopes: Collection[str]) -> bool:
    """Whether the actor lets the application have all of ``scopes``."""
    given = {"account_id": actor.account_id, "client_id": client_id}
    return set(scopes) <= {row.scope for row in CONSENTED.rows(session, given)}


def list_applications(session: Session, actor: Actor) -> list[AuthorizedApplication]:
    """The applications that the actor lets know who they are, by name."""
    query = (
        select(
            Client.client_id,
            Client.name,
            func.array_agg(Consent.scope).label("scopes"),
            func.min(Consent.created_at).label("since"),
        )
        .join(Consent, Consent.client_id == Client.client_id)
        .where(Consent.account_id == actor.account_id)
        .group_by(Client.client_id)
        .order_by(Client.name, Client.client_id)
    )
    return [
        AuthorizedApplication(
            client_id=row.client_id,
            name=row.name,
            scopes=[scope for scope in Scope if scope in row.scopes],
            since=row.since,
        )
        for row in session.execute(query)
    ]


def claims_holder(session: Session, account_id: UUID) -> Holder:
    """The account as claims tell of it. The caller has asked the policy."""
    account = session.get_one(Account, account_id)
    return _holder(account, actor_of_account(session, account_id))


def _holder(account: Any, actor: Actor | None) -> Holder:
    # The name of an account that is neither a proved person's nor a member of staff's is a phone.
    known = account.person_id is not None or account.username is not None
    return Holder(
        account_id=account.id,
        name=account.display_name if known else None,
        phone=account.phone,
        roles=actor.roles if actor else (),
    )


def application(client_id: str, actor: Actor) -> Resource:
    """What the actor shares with an application, as the policy sees it."""
    more = {"holder": holder(actor.account_id)}
    return Resource("Application", client_id, actor.person_id, more=more)


def list_told(session: Session, session_id: UUID) -> list[ToldApplication]:
    """The applications that are told of the end of a session, by name."""
    query = (
        select(Client.name, LogoutNotice.attempts, LogoutNotice.answered_at)
        .join(Client, Client.client_id == LogoutNotice.client_id)
        .where(LogoutNotice.session_id == session_id)
        .order_by(Client.name, Client.client_id)
    )
    return [
        ToldApplication(name=name, state=_notice_state(attempts, answered_at is not None))
        for name, attempts, answered_at in session.execute(query)
    ]


def list_told_of_own(session: Session, actor: Actor) -> list[ToldApplication]:
    """The applications that were told lately of the end of any of the actor's sessions, the latest
    first, each by its last notice. The caller has asked the policy.
    """
    query = (
        select(Client.client_id, Client.name, LogoutNotice.attempts, LogoutNotice.answered_at)
        .join(Client, Client.client_id == LogoutNotice.client_id)
        .join(SignInSession, SignInSession.id == LogoutNotice.session_id)
        .where(SignInSession.account_id == actor.account_id)
        .order_by(LogoutNotice.created_at.desc(), Client.name)
        .limit(MOST_TOLD)
    )
    latest: dict[str, ToldApplication] = {}
    for client_id, name, attempts, answered_at in session.execute(query):
        state = _notice_state(attempts, answered_at is not None)
        latest.setdefault(client_id, ToldApplication(name=name, state=state))
    return list(latest.values())


def _notice_state(attempts: int, answered: bool) -> NoticeState:
    if answered:
        return NoticeState.ANSWERED
    if attempts >= MOST_ATTEMPTS:
        return NoticeState.GIVEN_UP
    return NoticeState.RETRYING if attempts > 1 else NoticeState.TELLING
