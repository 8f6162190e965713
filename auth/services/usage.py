"""Counting how applications are used."""

from datetime import timedelta
from typing import cast

from sqlalchemy import CTE, Table, bindparam, delete, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import ClientUse
from core import clock

# Who used what when is nobody's business for longer than the figures are shown.
KEPT = timedelta(days=90)
USE = cast(Table, ClientUse.__table__)


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


def forget_use(session: Session) -> None:
    """Remove what is older than KEPT."""
    session.execute(delete(ClientUse).where(ClientUse.day < clock.today() - KEPT))
