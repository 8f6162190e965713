"""Counting how applications are used."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import ClientUse
from core import clock

# Who used what when is nobody's business for longer than the figures are shown.
KEPT = timedelta(days=90)


def count_sign_in(session: Session, client_id: str, account_id: UUID) -> None:
    """Count a sign-in to an application, in the transaction that makes it one."""
    row = insert(ClientUse).values(
        client_id=client_id, day=clock.today(), account_id=account_id, sign_ins=1
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["client_id", "day", "account_id"],
            set_={"sign_ins": ClientUse.sign_ins + 1},
        )
    )


def forget_use(session: Session) -> None:
    """Remove what is older than KEPT."""
    session.execute(delete(ClientUse).where(ClientUse.day < clock.today() - KEPT))
