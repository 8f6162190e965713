"""What the owner of an account is told about it, whoever did it."""

from sqlalchemy.orm import Session

from auth.events import NoticeDue
from auth.models import Account, Notice
from auth.schemas import NoticeKind
from core.events import publish
from core.ids import new_id


def notify_owner(
    session: Session,
    account: Account,
    kind: NoticeKind,
    *,
    phone: str | None = None,
    secret: str | None = None,
) -> None:
    """Announce news about the account; ``phone`` is where its owner was reached until now, if that
    is no longer the account's.
    """
    notice = Notice(
        id=new_id(),
        account_id=account.id,
        kind=kind,
        phone=phone or account.phone,
        secret=secret,
    )
    session.add(notice)
    session.flush()
    publish(session, NoticeDue(notice_id=notice.id))
