"""A new secret is shown once and kept nowhere but as its hash; pages and API share this."""

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy.orm import Session

from auth.schemas.applications import ApplicationView, NewApplication
from core.web.writes import write

Work: TypeAlias = Callable[[Session], NewApplication]


def with_secret(work: Work) -> NewApplication:
    """Do ``work``. The answer that is kept for retries holds no secret: a retry gets None in its
    place.
    """
    secret: str | None = None

    def once(session: Session) -> ApplicationView:
        nonlocal secret
        made = work(session)
        secret = made.secret
        return ApplicationView.model_validate(made.model_dump(exclude={"secret"}))

    application = write(ApplicationView, once)
    return NewApplication(**application.model_dump(), secret=secret)
