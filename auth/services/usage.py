"""Counting how applications are used."""

from datetime import timedelta
from typing import cast

from sqlalchemy import CTE, Table, bindparam, delete, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import ClientServiceUse, ClientUse
from core import clock
from core.statements import Statement

# Who used what when is nobody's business for longer than the figures are shown.
KEPT = timedelta(days=90)
USE = cast(Table, ClientUse.__table__)
SERVICE_USE = cast(Table, ClientServiceUse.__table__)
FIRST = insert(SERVICE_USE).values(
    client_id=bindparam("client"), day=bindparam("today"), tokens=literal(1)
)
COUNT_TOKEN = Statement(
    FIRST.on_conflict_do_update(
        index_elements=[SERVICE_USE.c.client_id, SERVICE_USE.c.day],
        set_={"tokens": SERVICE_USE.c.tokens + 1},
    )
)


def counting(won: CTE) -> CTE:
    """For the statement that makes a sign-in to an application of what ``won`` has used up: count
    it there. Its parameters are those of ``tokens.grant``.
    """
    made = insert(USE).from_select(
        ["client_id", "day", "account_id", "sign_ins"],
        select(
            bindparam("for_client", type_=USE.c.client_id.type),
            bindparam("today", type_=USE.c.day.type),
            won.c.account_id,
            literal(1),
        ),
    )
    counted = made.on_conflict_do_update(
        index_elements=[USE.c.client_id, USE.c.day, USE.c.account_id],
        set_={"sign_ins": USE.c.sign_ins + 1},
    )
    return counted.cte("counted")


def count_token(session: Session, client_id: str) -> None:
    """Count a token of the application's own."""
    COUNT_TOKEN.send(session, {"client": client_id, "today": clock.today()})


def forget_use(session: Session) -> None:
    """Remove what is older than KEPT."""
    for use in (ClientUse, ClientServiceUse):
        session.execute(delete(use).where(use.day < clock.today() - KEPT))
