"""Telling an application that a session has ended (OpenID Connect Back-Channel Logout 1.0)."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import requests
import structlog
from joserfc import jwt
from sqlalchemy.orm import Session

from auth.claims import session_reference, subject
from auth.models import Client, LogoutNotice, SignInSession
from auth.schemas.sso import SigningAlgorithm
from auth.services.signing import signing_key
from core import clock
from core.ids import new_id
from core.settings import Environment, settings

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME_SECONDS = 120
TIMEOUT_SECONDS = (3, 5)
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
    """Whether the application said that it knows; call it outside any transaction."""
    if not _may_be_called(call.address):
        log.warning("logout.refused", notice=str(call.notice_id))
        return False
    try:
        with requests.Session() as caller:
            caller.trust_env = False
            # Never past the registered address, and never more than the status of its answer.
            with caller.post(
                call.address,
                data={"logout_token": call.logout_token},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
    except requests.RequestException as error:
        log.warning("logout.unanswered", notice=str(call.notice_id), kind=type(error).__name__)
        return False
    if status not in ANSWERS:
        log.warning("logout.unanswered", notice=str(call.notice_id), status=status)
    return status in ANSWERS


def _may_be_called(address: str) -> bool:
    """Whether nothing of this machine or its cloud answers there. Other private addresses are the
    hospital's own network, where TLS shows that the registered application answers.
    """
    if settings().environment is not Environment.PRODUCTION:
        return True
    parts = urlsplit(address)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError:
        return False
    hosts = [ipaddress.ip_address(place[4][0]) for place in found]
    return parts.scheme == "https" and not any(
        host.is_loopback or host.is_link_local or host.is_unspecified or host.is_multicast
        for host in hosts
    )
