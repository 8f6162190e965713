"""What a code, a refresh token or a device becomes: an access token, by one statement that uses
the one up and makes the other; of many at once one wins.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from auth.models import Account, RefreshFamily, SignInSession, Token
from auth.services.sign_in import Origin
from auth.services.usage import count_token
from core import audit, clock
from core.crypto import token_hash
from core.ids import new_id
from core.statements import Statement

TOKEN_LIFETIME = timedelta(minutes=10)
SERVICE_TOKEN = "auth:issue-service-token"  # noqa: S105  the name of an action
ACCOUNT = cast(Table, Account.__table__)
SESSION = cast(Table, SignInSession.__table__)
TOKEN = cast(Table, Token.__table__)
LIVE = SESSION.c.ended_at.is_(None)
# The sign-in that something was granted in, as a Granted tells of it.
SIGN_IN_COLUMNS = (
    SESSION.c.id.label("session_id"),
    SESSION.c.account_id,
    SESSION.c.methods,
    SESSION.c.assurance,
    SESSION.c.authenticated_at,
    SESSION.c.expires_at.label("session_expires_at"),
)


@dataclass(frozen=True, slots=True)
class Granted:
    """What was just given to an application, and the sign-in that it comes from.

    ``claims`` are those asked for one by one: names by "userinfo" and "id_token".
    """

    access_token: str
    client_id: str
    grant_id: UUID
    scope: str
    nonce: str | None
    claims: Mapping[str, Sequence[str]]
    account_id: UUID
    session_id: UUID
    methods: Sequence[str]
    assurance: int
    authenticated_at: datetime
    session_expires_at: datetime
    refresh_token: str | None = None

    @property
    def scopes(self) -> list[str]:
        """The scopes one by one."""
        return self.scope.split()


def held(
    found: Select[Any],
    session_id: ColumnElement[Any],
    live: ColumnElement[bool] = LIVE,
) -> CTE:
    """The sign-in that ``found`` was granted in, held until its token is written: who ends it
    meanwhile waits, and then finds whom to tell.
    """
    sign_in = found.add_columns(*SIGN_IN_COLUMNS)
    return (
        sign_in.join(SESSION, SESSION.c.id == session_id)
        .join(ACCOUNT, ACCOUNT.c.id == SESSION.c.account_id)
        .where(live, ACCOUNT.c.disabled_at.is_(None))
        .with_for_update(read=True, of=SESSION)
        .cte("held")
    )


def granting(won: CTE, *more: CTE) -> Statement:
    """The statement that makes an access token of what ``won`` has used up: none, or one row.

    ``won`` has the columns of a Granted. Parameters are called unlike any column: SQLAlchemy would
    take those for values to set.
    """
    row = select(
        bindparam("token_id", type_=TOKEN.c.id.type),
        bindparam("made_hash", type_=TOKEN.c.token_hash.type),
        won.c.account_id,
        won.c.session_id,
        won.c.grant_id,
        bindparam("for_client", type_=TOKEN.c.client_id.type),
        won.c.scope,
        won.c.claims,
        bindparam("now", type_=TOKEN.c.created_at.type),
        bindparam("token_expires_at", type_=TOKEN.c.expires_at.type),
    )
    made = insert(TOKEN).from_select(
        ["id", "token_hash", "account_id", "session_id", "grant_id", "client_id", "scope",
         "claims", "created_at", "expires_at"],
        row,
        include_defaults=False,
    )  # fmt: skip
    return Statement(select(won).add_cte(made.cte("made"), *more))


def grant(
    session: Session, statement: Statement, client_id: str, **parameters: object
) -> Granted | None:
    """Run a ``granting`` statement. None where nothing was won."""
    token, now = secrets.token_urlsafe(32), clock.now()
    made_with = {
        "for_client": client_id,
        "token_id": new_id(),
        "made_hash": token_hash(token),
        "now": now,
        "today": clock.today(),
        "token_expires_at": now + TOKEN_LIFETIME,
    }
    row = statement.first(session, made_with | parameters)
    if row is None:
        return None
    return Granted(
        access_token=token,
        client_id=client_id,
        grant_id=row.grant_id,
        scope=row.scope,
        nonce=row.nonce,
        claims=row.claims or {},
        account_id=row.account_id,
        session_id=row.session_id,
        methods=row.methods,
        assurance=row.assurance,
        authenticated_at=row.authenticated_at,
        session_expires_at=row.session_expires_at,
    )


def end_grant(session: Session, grant_id: UUID) -> None:
    """End all that came from one code or device request: its tokens and their refresh family."""
    now = clock.now()
    session.execute(
        update(RefreshFamily)
        .where(RefreshFamily.id == grant_id, RefreshFamily.ended_at.is_(None))
        .values(ended_at=now)
    )
    session.execute(
        update(Token)
        .where(Token.grant_id == grant_id, Token.ended_at.is_(None))
        .values(ended_at=now)
    )


def issue_service_token(session: Session, client_id: str, scope: str, origin: Origin) -> str:
    """An application's own token, which stands for no person; audited, and counted."""
    token = secrets.token_urlsafe(32)
    session.add(
        Token(
            token_hash=token_hash(token),
            client_id=client_id,
            scope=scope,
            expires_at=clock.now() + TOKEN_LIFETIME,
        )
    )
    event = audit.row(
        None,
        SERVICE_TOKEN,
        "Client",
        client_id,
        channel=origin.channel,
        address=origin.address,
        request_id=origin.request_id,
    )
    audit.note(session, event)
    count_token(session, client_id)
    return token
