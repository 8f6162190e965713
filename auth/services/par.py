"""Authorization requests that the application itself sends ahead (RFC 9126)."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, false, or_, select, update
from sqlalchemy.orm import Session

from auth.models import PushedRequest
from core import clock
from core.crypto import token_hash

PREFIX = "urn:ietf:params:oauth:request_uri:"
# A browser has to come with it by then; who has come may take time to sign in and read.
LIFETIME = timedelta(seconds=60)
OPEN_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A pushed request, with its parameters in their order."""

    id: UUID
    parameters: Sequence[tuple[str, str]]


def push_request(session: Session, client_id: str, pushed: Pushed) -> str:
    """Keep a request, already validated; gives the ``request_uri`` that stands for it."""
    uri = PREFIX + secrets.token_urlsafe(32)
    session.add(
        PushedRequest(
            id=pushed.id,
            uri_hash=token_hash(uri),
            client_id=client_id,
            parameters=json.dumps(pushed.parameters),
            expires_at=clock.now() + LIFETIME,
        )
    )
    return uri


def open_request(session: Session, client_id: str, uri: str, *, again: bool) -> Pushed | None:
    """Open a pushed request in a browser, or ``again`` in the one that opened it. None where it is
    another client's, used, too old, or opened elsewhere.
    """
    now = clock.now()
    first = and_(PushedRequest.opened_at.is_(None), PushedRequest.expires_at > now)
    later = PushedRequest.opened_at > now - OPEN_LIFETIME if again else false()
    opened = session.execute(
        update(PushedRequest)
        .where(
            PushedRequest.uri_hash == token_hash(uri),
            PushedRequest.client_id == client_id,
            PushedRequest.used_at.is_(None),
            or_(first, later),
        )
        .values(opened_at=now if not again else PushedRequest.opened_at)
        .returning(PushedRequest.id, PushedRequest.parameters)
    ).one_or_none()
    if opened is None:
        return None
    return Pushed(opened.id, [(name, value) for name, value in json.loads(opened.parameters)])


def use_request(session: Session, pushed_id: UUID) -> bool:
    """Use a pushed request up, with the answer to it: of many at once one wins."""
    used = session.execute(
        update(PushedRequest)
        .where(PushedRequest.id == pushed_id, PushedRequest.used_at.is_(None))
        .values(used_at=clock.now())
        .returning(PushedRequest.id)
    )
    return used.first() is not None


def find_parameter(session: Session, uri: str, name: str) -> str | None:
    """One parameter of a pushed request, used or not; for pages on the way to it."""
    query = select(PushedRequest.parameters).where(PushedRequest.uri_hash == token_hash(uri))
    stored = session.scalar(query)
    return dict(json.loads(stored)).get(name) if stored else None
