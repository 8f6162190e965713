"""Refresh tokens: each is redeemed once for the next of its family (RFC 9700, 4.14)."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, bindparam, func, insert, null, or_, select, update
from sqlalchemy.orm import Session

from auth.models import RefreshFamily, RefreshToken
from auth.queries.sso import CLIENT, FAMILY, outlives
from auth.schemas.sso import Scope
from auth.services.tokens import (
    LIVE,
    Granted,
    end_grant,
    grant,
    granting,
    held,
)
from core import clock
from core.crypto import token_hash
from core.ids import new_id

# An offline family ends then for good; another one with its session.
OFFLINE_LIFETIME = timedelta(days=180)
IDLE_LIFETIME = timedelta(days=30)
REFRESH = cast(Table, RefreshToken.__table__)
HELD = held(
    select(
        FAMILY.c.id.label("grant_id"),
        FAMILY.c.scope.label("family_scope"),
        FAMILY.c.claims,
        FAMILY.c.expires_at.label("family_expires_at"),
        REFRESH.c.id.label("shown_id"),
    )
    .join_from(REFRESH, FAMILY, FAMILY.c.id == REFRESH.c.family_id)
    .join(CLIENT, CLIENT.c.client_id == FAMILY.c.client_id)
    .where(
        REFRESH.c.token_hash == bindparam("shown_hash"),
        FAMILY.c.client_id == bindparam("for_client"),
        FAMILY.c.ended_at.is_(None),
    ),
    FAMILY.c.session_id,
    or_(outlives(FAMILY.c, CLIENT.c), LIVE),
)
WON = (
    update(REFRESH)
    .where(
        REFRESH.c.id == HELD.c.shown_id,
        REFRESH.c.redeemed_at.is_(None),
        REFRESH.c.expires_at > bindparam("now"),
    )
    .values(redeemed_at=bindparam("now"))
    .returning(
        func.coalesce(bindparam("narrower", type_=FAMILY.c.scope.type), HELD.c.family_scope).label(
            "scope"
        ),
        null().label("nonce"),
        *HELD.c,
    )
    .cte("won")
)
NEXT = insert(REFRESH).from_select(
    ["id", "token_hash", "family_id", "created_at", "expires_at"],
    select(
        bindparam("next_id", type_=REFRESH.c.id.type),
        bindparam("next_hash", type_=REFRESH.c.token_hash.type),
        WON.c.grant_id,
        bindparam("now", type_=REFRESH.c.created_at.type),
        func.least(
            bindparam("idle_until", type_=REFRESH.c.expires_at.type), WON.c.family_expires_at
        ),
    ),
    include_defaults=False,
)
ROTATE = granting(WON, NEXT.cte("next"))


def open_family(session: Session, granted: Granted) -> str:
    """The first refresh token of what was just granted."""
    now = clock.now()
    offline = Scope.OFFLINE in granted.scopes
    until = now + OFFLINE_LIFETIME if offline else granted.session_expires_at
    family = {
        "id": granted.grant_id,
        "account_id": granted.account_id,
        "client_id": granted.client_id,
        "session_id": granted.session_id,
        "scope": granted.scope,
        "claims": granted.claims or None,
        "offline": offline,
        "created_at": now,
        "expires_at": until,
    }
    token = secrets.token_urlsafe(32)
    first = {
        "id": new_id(),
        "token_hash": token_hash(token),
        "family_id": granted.grant_id,
        "created_at": now,
        "expires_at": min(now + IDLE_LIFETIME, until),
    }
    session.execute(insert(FAMILY), family)
    session.execute(insert(REFRESH), first)
    return token


def rotate(session: Session, token: str, client_id: str, narrower: str | None) -> Granted | None:
    """Use a refresh token up for an access token, with ``narrower`` scopes where given, and the
    next refresh token. None where it is not the client's to use now.
    """
    following = secrets.token_urlsafe(32)
    granted = grant(
        session,
        ROTATE,
        client_id,
        shown_hash=token_hash(token),
        narrower=narrower,
        next_id=new_id(),
        next_hash=token_hash(following),
        idle_until=clock.now() + IDLE_LIFETIME,
    )
    return replace(granted, refresh_token=following) if granted else None


def scopes_of(session: Session, token: str, client_id: str) -> Collection[str]:
    """The scopes that the token's family was granted; none for a token not of the client."""
    query = (
        select(RefreshFamily.scope)
        .join(RefreshToken, RefreshToken.family_id == RefreshFamily.id)
        .where(RefreshToken.token_hash == token_hash(token), RefreshFamily.client_id == client_id)
    )
    return (session.scalar(query) or "").split()


def end_family_of_reused(session: Session, token: str, client_id: str) -> None:
    """A refresh token that comes twice is in two hands: end its family and their tokens."""
    query = (
        select(RefreshFamily.id)
        .join(RefreshToken, RefreshToken.family_id == RefreshFamily.id)
        .where(
            RefreshToken.token_hash == token_hash(token),
            RefreshToken.redeemed_at.is_not(None),
            RefreshFamily.client_id == client_id,
        )
    )
    family_id = session.scalar(query)
    if family_id is not None:
        end_grant(session, family_id)
