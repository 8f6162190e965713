"""Use cases of the halls' screens."""

from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from appointments.models import HallScreen
from appointments.queries.hall import screens_resource
from appointments.queries.tickets import hall_topic
from appointments.schemas import MakeScreen, QueueAction, ScreenView
from core import clock
from core.access import Actor, require
from core.crypto import token_hash
from core.errors import NotFound
from core.ids import new_id
from core.live import announce
from directory.public import get_institution


def make_screen(session: Session, actor: Actor, command: MakeScreen) -> tuple[ScreenView, str]:
    """A screen and the secret of its address, which is kept nowhere. Raises NotFound or Denied."""
    institution = get_institution(session, command.institution_id)
    wanted = screens_resource(institution.id, institution.division_code)
    require(session, actor, QueueAction.KEEP_SCREENS, wanted)
    token = token_urlsafe(24)
    screen = HallScreen(
        id=new_id(),
        institution_id=institution.id,
        division_code=institution.division_code,
        name=command.name,
        department_ids=command.department_ids,
        token_hash=token_hash(token),
        made_by=actor.account_id,
    )
    session.add(screen)
    session.flush()
    return ScreenView.model_validate(screen), token


def end_screen(session: Session, actor: Actor, screen_id: UUID) -> ScreenView:
    """Let a screen's address show nothing any more, at once. Raises NotFound or Denied."""
    screen = session.get(HallScreen, screen_id)
    if screen is None:
        raise NotFound()
    wanted = screens_resource(screen.institution_id, screen.division_code)
    require(session, actor, QueueAction.KEEP_SCREENS, wanted)
    session.execute(
        update(HallScreen)
        .where(HallScreen.id == screen_id, HallScreen.ended_at.is_(None))
        .values(ended_at=clock.now())
    )
    announce(session, hall_topic(screen.institution_id))
    session.refresh(screen)
    return ScreenView.model_validate(screen)
