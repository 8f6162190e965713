"""Use cases of sessions that are open: one more by hand, other numbers, other pools."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from appointments.events import PlaceReturned
from appointments.models import Slot, Template
from appointments.queries.offers import CLINIC, SLOT
from appointments.queries.schedule import OPENED, get_session, schedule_of, session_view
from appointments.schemas import (
    ChangeCapacity,
    MovePlaces,
    OpenSession,
    SessionView,
    SupplyAction,
)
from appointments.services import places
from appointments.services.opening import FURTHEST, hold_schedules, open_one
from appointments.services.templates import require_colleague, require_schedule
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.messages import N_
from directory.public import get_institution

# The columns of ``Template`` that an extra session is given, too.
OF_TEMPLATE = ("department_id", "staff_id", "clinic_name", "kind", "half_day", "room", "fee_fen")


def open_session(session: Session, actor: Actor, command: OpenSession) -> SessionView:
    """Open one session more. Raises NotFound, Denied, Invalid, or Conflict: ``half_day_filled``
    where the doctor or clinic has one in that half-day, ``out_of_service``, ``never_open``.
    """
    institution = require_schedule(session, actor, command.department_id)
    require_colleague(session, institution, command.staff_id)
    if not clock.today() <= command.date <= clock.today() + FURTHEST:
        sentence = N_("请选择今天起 60 天以内的日期。")
        raise Invalid("beyond", sentence, fields={"date": sentence})
    hold_schedules(session)
    # As a weekly clinic would open it; it is not one and is not kept.
    once = Template(
        institution_id=institution.id,
        capacity=command.capacity,
        **{name: getattr(command, name) for name in OF_TEMPLATE},
    )
    session_id = open_one(session, once, command.date)
    if session_id is None:
        sentence = N_("这位医生或这个门诊在这个半天已经开诊，请换一天或半天。")
        raise Conflict("half_day_filled", sentence, fields={"half_day": sentence})
    row = session.execute(OPENED.where(CLINIC.c.id == session_id)).one()
    return session_view(session, row)


def change_capacity(
    session: Session, actor: Actor, session_id: UUID, command: ChangeCapacity
) -> SessionView:
    """Another number of patients per slot: of all the slots named, or of none.

    Raises NotFound, Denied, or Conflict: ``below_taken``, ``stopped``, ``session_over``.
    """
    slots = _held(session, actor, session_id, command.slot_id)
    taken = max(slot.taken for slot in slots)
    if taken > command.capacity:
        raise Conflict(
            "below_taken",
            N_("有时段已约出 %(taken)s 个号，号数不能更少。要减少请先停诊或与患者商量改期。"),
            taken=taken,
        )
    before = {slot.id: slot.waitlist for slot in slots}
    values = {"capacity": command.capacity, "now": clock.now(), "slot_ids": list(before)}
    changed = session.execute(places.RESIZE, values).all()
    if any(row.waitlist > before[row.id] for row in changed):
        publish(session, PlaceReturned(session_id=session_id))
    return get_session(session, actor, session_id)


def move_places(
    session: Session, actor: Actor, session_id: UUID, command: MovePlaces
) -> SessionView:
    """Free places of one pool become another's.

    Raises NotFound, Denied, or Conflict: ``none_to_move`` where there are not so many,
    ``stopped``, ``session_over``.
    """
    slots = _held(session, actor, session_id, command.slot_id)
    column = places.COLUMNS[command.source]
    enough = command.places if command.slot_id else 1
    fitting = [slot.id for slot in slots if getattr(slot, column) >= enough]
    moved = None
    if fitting:
        values = {"slot_ids": fitting, "places": command.places, "now": clock.now()}
        statement = places.MOVE[command.source, command.target]
        moved = session.execute(statement, values).first()
    if moved is None:
        raise Conflict(
            "none_to_move",
            N_("没有这么多可调的空号，或预留的时间已过。请核对现在的余号。"),
        )
    return get_session(session, actor, session_id)


def find_session(session: Session, session_id: UUID) -> Row[Any]:
    """A session as it stands, without asking the policy. Raises NotFound."""
    row = session.execute(select(CLINIC).where(CLINIC.c.id == session_id)).one_or_none()
    if row is None:
        raise NotFound()
    return row


def _held(session: Session, actor: Actor, session_id: UUID, slot_id: UUID | None) -> list[Row[Any]]:
    """The slots to come of a session, or the one named, as they are and stay until the end of the
    transaction.
    """
    clinic = find_session(session, session_id)
    institution = get_institution(session, clinic.institution_id)
    require(session, actor, SupplyAction.CHANGE_SCHEDULE, schedule_of(institution))
    if clinic.stopped_at is not None:
        raise Conflict("stopped", N_("这个门诊已停诊。请先恢复开诊，再调整号数。"))
    query = (
        select(SLOT)
        .where(SLOT.c.session_id == session_id, SLOT.c.starts_at > clock.now())
        .order_by(Slot.id)
    )
    if slot_id:
        query = query.where(SLOT.c.id == slot_id)
    found = session.execute(query.with_for_update()).all()
    if not found:
        raise Conflict("session_over", N_("这个时段已经开始或结束，不能再调整。"))
    return list(found)
