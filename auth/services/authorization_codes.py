"""Authorization codes: made for a sign-in, sent through the browser, redeemed once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from auth.models import AuthorizationCode
from auth.queries.sso import application
from auth.schemas.sso import SsoAction
from auth.services.tokens import (
    Granted,
    end_grant,
    grant,
    granting,
    held,
)
from auth.services.usage import counting
from core import clock
from core.access import Actor, require
from core.crypto import token_hash
from core.ids import new_id
from core.statements import Statement

CODE_LIFETIME = timedelta(seconds=60)
CODE = cast(Table, AuthorizationCode.__table__)
INSERT = Statement(
    insert(CODE),
    ["id", "code_hash", "client_id", "session_id", "redirect_uri", "scope", "nonce", "claims",
     "code_challenge", "created_at", "expires_at"],
)  # fmt: skip
HELD = held(
    select(CODE.c.id.label("grant_id")).where(CODE.c.code_hash == bindparam("shown_hash")),
    CODE.c.session_id,
)
# All that must fit is in the one statement that uses the code up.
WON = (
    update(CODE)
    .where(
        CODE.c.id == HELD.c.grant_id,
        CODE.c.client_id == bindparam("for_client"),
        CODE.c.redirect_uri == bindparam("redirect_to"),
        CODE.c.code_challenge == bindparam("challenge"),
        CODE.c.redeemed_at.is_(None),
        CODE.c.expires_at > bindparam("now"),
    )
    .values(redeemed_at=bindparam("now"))
    .returning(CODE.c.scope, CODE.c.nonce, CODE.c.claims, *HELD.c)
    .cte("won")
)
REDEEM = granting(WON, counting(WON))


@dataclass(frozen=True, slots=True)
class Asked:
    """What an application asked for, as the code keeps it."""

    redirect_uri: str
    scope: str
    code_challenge: str
    nonce: str | None = None
    claims: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Presented:
    """What an application presents for a token; ``code_challenge`` is made from its verifier."""

    code: str
    client_id: str
    redirect_uri: str
    code_challenge: str


def issue_code(session: Session, actor: Actor, client_id: str, asked: Asked, code: str) -> None:
    """Let ``code`` stand for the actor's present sign-in; only its hash is kept."""
    require(session, actor, SsoAction.SIGN_IN, application(client_id, actor))
    now = clock.now()
    row = {
        "id": new_id(),
        "code_hash": token_hash(code),
        "client_id": client_id,
        "session_id": actor.session_id,
        "redirect_uri": asked.redirect_uri,
        "scope": asked.scope,
        "nonce": asked.nonce,
        "claims": asked.claims or None,
        "code_challenge": asked.code_challenge,
        "created_at": now,
        "expires_at": now + CODE_LIFETIME,
    }
    INSERT.send(session, row)


def redeem_code(session: Session, presented: Presented) -> Granted | None:
    """Use a code up for a token. None where it does not fit, or its sign-in has ended meanwhile."""
    return grant(
        session,
        REDEEM,
        presented.client_id,
        shown_hash=token_hash(presented.code),
        redirect_to=presented.redirect_uri,
        challenge=presented.code_challenge,
    )


def end_grant_of_reused_code(session: Session, code: str, client_id: str) -> None:
    """A code that comes twice was stolen once: end what it gave (RFC 6749, 4.1.2)."""
    query = select(AuthorizationCode.id).where(
        AuthorizationCode.code_hash == token_hash(code),
        AuthorizationCode.client_id == client_id,
        AuthorizationCode.redeemed_at.is_not(None),
    )
    grant_id = session.scalar(query)
    if grant_id is not None:
        end_grant(session, grant_id)
