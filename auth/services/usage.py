"""Counting how applications are used."""

from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import Table, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import ClientUse
from core import clock

# Who used what when is nobody's business for longer than the figures are shown.
KEPT = timedelta(days=90)
USE = cast(Table, ClientUse.__table__)
# Built once: every sign-in to an application passes here.
COUNT = insert(USE).on_conflict_do_update(
    index_elements=[USE.c.client_id, USE.c.day, USE.c.account_id],
    set_={"sign_ins": USE.c.sign_ins + 1},
)


def count_sign_in(session: Session, client_id: str, account_id: UUID) -> None:
    """Count a sign-in to an application, in the transaction that makes it one."""
    row = {"client_id": client_id, "day": clock.today(), "account_id": account_id, "sign_ins": 1}
    session.execute(COUNT, row)


def forget_use(session: Session) -> None:
    """Remove what is older than KEPT."""
    session.execute(delete(ClientUse).where(ClientUse.day < clock.today() - KEPT))
