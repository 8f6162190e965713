"""The access token: fetched by one process at a time, used by all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.database import alone, reading
from wechat.models import AccessToken

# In its last five minutes WeChat hands out the next token; the old one still works till its end.
MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class FetchedToken:
    """A token as WeChat just gave it."""

    token: str
    lifetime: timedelta


# (whether to make WeChat replace the token it has) to a token; leaves the machine.
Fetch: TypeAlias = Callable[[bool], FetchedToken]


def access_token(app_id: str, fetch: Fetch, stale: str | None = None) -> str:
    """The token of the application; never the ``stale`` one that WeChat has just refused.

    Call it outside any transaction. Raises what ``fetch`` raises.
    """
    with reading() as session:
        known = _find(session, app_id)
    if known and known != stale:
        return known
    with alone(f"wechat access token {app_id}") as session:
        known = _find(session, app_id)
        if known and known != stale:
            return known  # another process was quicker
        fetched = fetch(False)
        if fetched.token == stale:
            # Forced only now: it ends the token that other installations may be using.
            fetched = fetch(True)
        _keep(session, app_id, fetched)
    return fetched.token


def _find(session: Session, app_id: str) -> str | None:
    query = select(AccessToken.token).where(
        AccessToken.app_id == app_id, AccessToken.expires_at > clock.now() + MARGIN
    )
    return session.scalar(query)


def _keep(session: Session, app_id: str, fetched: FetchedToken) -> None:
    values = {"token": fetched.token, "expires_at": clock.now() + fetched.lifetime}
    row = insert(AccessToken).values(app_id=app_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["app_id"], set_=values))
