"""The edge of every write: one transaction, one answer per idempotency key."""

from collections.abc import Callable
from secrets import token_urlsafe
from typing import TypeVar

from flask import request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from core.access import NOBODY
from core.database import transaction
from core.idempotency import run_once
from core.web.access import current_actor, signed_in

HEADER = "Idempotency-Key"
FIELD = "_once"
M = TypeVar("M", bound=BaseModel)


def write(answer_type: type[M], work: Callable[[Session], M]) -> M:
    """Run ``work`` in a transaction; with a key (API header, or the hidden field that every page
    form carries) it happens once and a retry gets the stored answer.
    """
    key = request.headers.get(HEADER) or request.form.get(FIELD)
    with transaction() as session:
        if not key:
            return work(session)
        account_id = current_actor().account_id if signed_in() else NOBODY
        return run_once(
            session, account_id, key, _fingerprint(), answer_type, lambda: work(session)
        )


def once_token() -> str:
    """A fresh key for a form; a template global."""
    return token_urlsafe(16)


def _fingerprint() -> bytes:
    form = sorted(
        (k, v) for k, v in request.form.items(multi=True) if k not in (FIELD, "csrf_token")
    )
    body = repr(form).encode() if form else request.get_data()
    return b"\n".join((request.method.encode(), request.full_path.encode(), body))
