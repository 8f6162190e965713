"""Applications are registered, and change their secret without an outage.

Who calls these has asked the policy, or is an operator at the console.
"""

import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import Client
from auth.schemas.sso import NewClient, RegisterClient, Scope
from auth.services.signing import signing_key
from core import clock
from core.crypto import token_hash
from core.errors import Conflict, NotFound
from core.messages import N_

# How long the secret before works beside a new one, unless it is ended earlier.
OLD_SECRET_LIFETIME = timedelta(days=14)


def create_client(session: Session, command: RegisterClient) -> NewClient:
    """Register an application. Raises Conflict ``client_exists``."""
    secret = command.secret
    if secret is None and not command.public and command.jwks is None:
        secret = _make_secret()
    row = insert(Client).values(
        client_id=command.client_id,
        secret_hash=token_hash(secret) if secret else None,
        sector=_sector(command),
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
    if _kind(known) != (command.public, command.jwks is not None):
        raise Conflict("client_kind", N_("已登记的应用与这次的类型（公开或持有密钥）不同。"))
    if _sector(command) != known.sector:
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


def stage_client_secret(session: Session, client_id: str) -> NewClient:
    """Make a new secret, shown this once; the one before works too for OLD_SECRET_LIFETIME.

    Raises NotFound; Conflict ``client_kind`` for an application without a secret, and
    ``secret_staged`` while the last change is under way: two secrets, never three.
    """
    secret, now = _make_secret(), clock.now()
    staged = (
        update(Client)
        .where(
            Client.client_id == client_id,
            Client.secret_hash.is_not(None),
            or_(Client.old_secret_ends_at.is_(None), Client.old_secret_ends_at <= now),
        )
        .values(
            secret_hash=token_hash(secret),
            old_secret_hash=Client.secret_hash,
            old_secret_ends_at=now + OLD_SECRET_LIFETIME,
        )
        .returning(Client.client_id)
    )
    if session.execute(staged).first() is None:
        raise _cannot_stage(session, client_id)
    return NewClient(client_id=client_id, secret=secret)


def end_old_client_secret(session: Session, client_id: str) -> None:
    """End the secret before now; there may be none. Raises NotFound."""
    ended = (
        update(Client)
        .where(Client.client_id == client_id)
        .values(old_secret_hash=None, old_secret_ends_at=None)
        .returning(Client.client_id)
    )
    if session.execute(ended).first() is None:
        raise NotFound()


def _cannot_stage(session: Session, client_id: str) -> Conflict | NotFound:
    query = select(Client.secret_hash).where(Client.client_id == client_id)
    known = session.execute(query).one_or_none()
    if known is None:
        return NotFound()
    if known.secret_hash is None:
        return Conflict("client_kind", N_("这个应用没有密钥，不需要更换。"))
    return Conflict("secret_staged", N_("上次更换的旧密钥还在用，请先停用旧密钥。"))


def _make_secret() -> str:
    return secrets.token_urlsafe(32)


def _kind(client: Client) -> tuple[bool, bool]:
    """Whether it is public, and whether it signs."""
    return client.secret_hash is None and client.jwks is None, client.jwks is not None


def _sector(command: RegisterClient) -> str:
    """Its subjects' sector (OpenID Connect Core 1.0, 8.1): a host, or itself without one."""
    if command.redirect_uris:
        return str(urlsplit(command.redirect_uris[0]).hostname)
    return f"client:{command.client_id}"


def _given(command: RegisterClient) -> dict[str, Any]:
    given = command.model_dump(exclude={"client_id", "public", "secret"})
    return given | {"scopes": sorted({Scope.OPENID, *command.scopes})}
