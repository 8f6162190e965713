"""What the screens of the waiting halls show: to whoever stands before them, so nobody's name."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from appointments.models import HallScreen
from appointments.queries.bookings import units_of
from appointments.queries.offers import CLINIC
from appointments.queries.tickets import HERE, ORDER, PATIENT, ROOMS, TICKET
from appointments.schemas import (
    HallCall,
    HallRoom,
    HallView,
    QueueAction,
    ScreenView,
    TicketState,
)
from core import clock
from core.access import Actor, Resource, require
from core.crypto import token_hash
from core.errors import NotFound
from core.masking import masked_name
from core.messages import N_
from directory.public import get_institution
from directory.schemas import InstitutionView

# How many of those who are next a room shows.
COMING = 3
_RANK: ColumnElement[Any] = (
    func.row_number().over(partition_by=(TICKET.c.session_id, TICKET.c.state == "called"),
                           order_by=ORDER).label("rank")
)  # fmt: skip
_RANKED = (
    select(
        TICKET.c.session_id,
        TICKET.c.id,
        TICKET.c.label,
        TICKET.c.state,
        TICKET.c.calls,
        TICKET.c.called_at,
        TICKET.c.person_id,
        _RANK,
    )
    .where(
        TICKET.c.session_id.in_(bindparam("sessions", expanding=True)),
        TICKET.c.state.in_(HERE),
    )
    .subquery()
)
SHOWN: Select[Any] = (
    select(_RANKED, PATIENT.c.name)
    .join(PATIENT, PATIENT.c.id == _RANKED.c.person_id)
    .where(_RANKED.c.rank <= COMING)
    .order_by(_RANKED.c.rank)
)


def screens_resource(institution_id: UUID, division_code: str) -> Resource:
    """The screens of an institution as the policy sees them."""
    return Resource("Screens", str(institution_id), units=units_of(institution_id, division_code))


def list_screens(
    session: Session, actor: Actor, institution_id: UUID, institution: InstitutionView | None = None
) -> list[ScreenView]:
    """The screens of an institution, newest first. Raises NotFound or Denied."""
    place = institution or get_institution(session, institution_id)
    wanted = screens_resource(institution_id, place.division_code)
    require(session, actor, QueueAction.KEEP_SCREENS, wanted)
    query = (
        select(HallScreen)
        .where(HallScreen.institution_id == institution_id)
        .order_by(HallScreen.created_at.desc(), HallScreen.id)
        .limit(100)
    )
    return [ScreenView.model_validate(screen) for screen in session.scalars(query)]


def find_screen(session: Session, token: str) -> HallScreen:
    """The screen of this address. Raises NotFound, also where it was ended."""
    query = select(HallScreen).where(
        HallScreen.token_hash == token_hash(token), HallScreen.ended_at.is_(None)
    )
    screen = session.scalars(query).one_or_none()
    if screen is None:
        raise NotFound("no_screen", N_("这个候诊大屏的地址已停用。请向导诊台要新的地址。"))
    return screen


def hall_view(session: Session, screen: HallScreen) -> HallView:
    """What the screen shows now: the rooms where somebody waits or is called, and paused ones."""
    found = ROOMS.where(
        CLINIC.c.institution_id == screen.institution_id,
        CLINIC.c.date == clock.today(),
        CLINIC.c.stopped_at.is_(None),
    ).order_by(CLINIC.c.department_name, CLINIC.c.place, CLINIC.c.clinic_name)
    if screen.department_ids:
        found = found.where(CLINIC.c.department_id.in_(screen.department_ids))
    rooms = [row for row in session.execute(found) if row.waiting or row.called or row.pause]
    shown: dict[UUID, list[Row[Any]]] = {room.session_id: [] for room in rooms}
    if rooms:
        # One institution, so one rule for all its rooms.
        values = {"sessions": list(shown), "skip_behind": rooms[0].skip_behind}
        for row in session.execute(SHOWN, values):
            shown[row.session_id].append(row)
    institution = get_institution(session, screen.institution_id)
    return HallView(
        institution_name=institution.name,
        name=screen.name,
        rooms=[_room(room, shown[room.session_id]) for room in rooms],
    )


def _room(room: Row[Any], rows: list[Row[Any]]) -> HallRoom:
    called = next((row for row in rows if row.state == TicketState.CALLED), None)
    return HallRoom.model_validate(
        {
            **room._mapping,
            "called": _call(called) if called else None,
            "call": f"{called.id}:{called.calls}" if called else "",
            "called_at": called.called_at if called else None,
            "coming": [_call(row) for row in rows if row is not called],
        }
    )


def _call(row: Row[Any]) -> HallCall:
    return HallCall(label=row.label, name=masked_name(row.name))
