"""Telling an application that a session has ended (OpenID Connect Back-Channel Logout 1.0)."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from joserfc import jwt
from sqlalchemy.orm import Session

from auth.claims import session_reference, subject
from auth.models import Client, LogoutNotice, SignInSession
from auth.schemas.sso import SigningAlgorithm
from auth.services.signing import signing_key
from core import clock
from core.ids import new_id
from core.outgoing import OutOfReach, Reach, Silent, ask, in_production

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME_SECONDS = 120
TIMEOUT_SECONDS = (3, 5)
PATIENCE_SECONDS = 10
ANSWERS = (200, 204)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Call:
    """What is said to whom."""

    notice_id: UUID
    address: str
    logout_token: str


def call_of(session: Session, notice: LogoutNotice, issuer: str) -> Call | None:
    """The call for a notice, with a token of its own (2.4). None where the application no longer
    wants to be told.
    """
    client = session.get_one(Client, notice.client_id)
    if client.backchannel_logout_uri is None:
        return None
    account_id = session.get_one(SignInSession, notice.session_id).account_id
    now = int(clock.now().timestamp())
    body = {
        "iss": issuer,
        "sub": subject(client.sector, account_id),
        "aud": client.client_id,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": str(new_id()),
        "sid": session_reference(client.client_id, notice.session_id),
        "events": {EVENT: {}},
    }
    algorithm = SigningAlgorithm(client.algorithm)
    key = signing_key(session, algorithm)
    header = {"alg": algorithm.value, "kid": str(key.kid), "typ": "logout+jwt"}
    token = jwt.encode(header, body, key, [algorithm.value])
    return Call(notice.id, client.backchannel_logout_uri, token)


def deliver(call: Call) -> bool:
    """Whether the application said that it knows; call it outside any transaction. It may be on a
    hospital's own network.
    """
    try:
        # Never more than the status of the answer.
        status, _ = ask(
            "POST",
            call.address,
            in_production(Reach.NETWORKS),
            patience=PATIENCE_SECONDS,
            timeout=TIMEOUT_SECONDS,
            data={"logout_token": call.logout_token},
        )
    except OutOfReach:
        log.warning("logout.refused", notice=str(call.notice_id))
        return False
    except Silent as error:
        log.warning("logout.unanswered", notice=str(call.notice_id), kind=str(error))
        return False
    if status not in ANSWERS:
        log.warning("logout.unanswered", notice=str(call.notice_id), status=status)
    return status in ANSWERS
