"""Opening, changing and closing departments."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import history
from core.access import Actor, require
from core.errors import Conflict
from core.ids import new_id
from core.messages import N_
from directory.models import Department, Institution, Specialty, Staff
from directory.ports import coming_bookings
from directory.queries.overview import load
from directory.resources import department_resource
from directory.schemas import (
    Action,
    AtState,
    ChangeDepartment,
    ClosedDepartment,
    CreateDepartment,
    DepartmentView,
    Kind,
)
from directory.services.refusals import in_words
from directory.services.standing import require_in_service, take_back, take_out


def create_department(session: Session, actor: Actor, command: CreateDepartment) -> DepartmentView:
    """Open a department. Raises NotFound, Denied, Invalid, or Conflict where the name is taken."""
    institution: Institution = load(session, Institution, command.institution_id)
    require(session, actor, Action.CREATE_DEPARTMENT, department_resource(None, institution))
    require_in_service(institution)
    row = Department(id=new_id(), **command.model_dump())
    with in_words(session):
        session.add(row)
        session.flush()
    given = command.model_dump(mode="json", include={"name", "name_en", "location"})
    given["specialty"] = _specialty_name(session, command.specialty_code)
    history.note_creation(session, actor, Kind.DEPARTMENT, row, given)
    return DepartmentView.model_validate(row)


def change_department(
    session: Session, actor: Actor, department_id: UUID, command: ChangeDepartment
) -> DepartmentView:
    """Change what was given. Raises NotFound, Denied, Invalid or Conflict."""
    row = _asked(session, actor, department_id, Action.CHANGE_DEPARTMENT)
    values = command.values()
    shown: dict[str, history.Shown] = {}
    specialty = values.get("specialty_code", row.specialty_code)
    if specialty != row.specialty_code:
        names = _specialty_name(session, row.specialty_code), _specialty_name(session, specialty)
        shown["specialty_code"] = ("specialty", *names)
    with in_words(session):
        history.change(session, actor, Kind.DEPARTMENT, row, command.version, values, shown)
    return DepartmentView.model_validate(row)


def disable_department(
    session: Session, actor: Actor, department_id: UUID, command: AtState
) -> ClosedDepartment:
    """Close a department in which nobody works any more.

    Raises NotFound, Denied, or Conflict ``department_in_use``.
    """
    row = _asked(session, actor, department_id, Action.DISABLE_DEPARTMENT)
    working = session.scalar(
        select(func.count(Staff.id)).where(
            Staff.department_id == department_id, Staff.disabled_at.is_(None)
        )
    )
    if working:
        raise Conflict(
            "department_in_use",
            N_("这个科室还有 %(staff)s 名人员，请先把他们调到其他科室。"),
            staff=working,
        )
    take_out(session, actor, Kind.DEPARTMENT, row, command.version)
    bookings = coming_bookings(session, Kind.DEPARTMENT, department_id)
    return ClosedDepartment(
        **DepartmentView.model_validate(row).model_dump(), coming_bookings=bookings
    )


def enable_department(
    session: Session, actor: Actor, department_id: UUID, command: AtState
) -> DepartmentView:
    """Open a closed department again. Raises NotFound, Denied or Conflict."""
    row = _asked(session, actor, department_id, Action.DISABLE_DEPARTMENT)
    require_in_service(load(session, Institution, row.institution_id))
    take_back(session, actor, Kind.DEPARTMENT, row, command.version)
    return DepartmentView.model_validate(row)


def _asked(session: Session, actor: Actor, department_id: UUID, action: Action) -> Department:
    """The department, if the actor may do ``action`` to it."""
    row: Department = load(session, Department, department_id)
    institution: Institution = load(session, Institution, row.institution_id)
    require(session, actor, action, department_resource(row, institution))
    return row


def _specialty_name(session: Session, code: str) -> str:
    specialty = session.get(Specialty, code)
    return specialty.name if specialty else code
