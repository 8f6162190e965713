"""A new screen's address is shown once and kept nowhere; pages and API share this."""

from sqlalchemy.orm import Session

from appointments.schemas import MakeScreen, ScreenView
from appointments.services.screens import make_screen
from core.web.access import current_actor
from core.web.writes import write


def new_screen(command: MakeScreen) -> tuple[ScreenView, str | None]:
    """Make it. The answer that is kept for retries holds no secret: a retry gets None for it."""
    secret: str | None = None

    def once(session: Session) -> ScreenView:
        nonlocal secret
        screen, secret = make_screen(session, current_actor(), command)
        return screen

    return write(ScreenView, once), secret
