"""A new password is shown once and kept nowhere but as its hash; pages and API share this."""

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy.orm import Session

from auth.schemas import AccountSummary, NewAccount
from auth.services.accounts import make_password
from core.web.writes import write

# (session, initial password) to the account it belongs to.
Work: TypeAlias = Callable[[Session, str], AccountSummary]


def with_password(work: Work) -> NewAccount:
    """Do ``work`` with a fresh password. The answer that is kept for retries holds no password: a
    retry gets None in its place.
    """
    password: str | None = None

    def once(session: Session) -> AccountSummary:
        nonlocal password
        password = make_password()
        return work(session, password)

    account = write(AccountSummary, once)
    return NewAccount(**account.model_dump(), initial_password=password)
