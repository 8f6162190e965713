"""Registering staff, changing and closing their entries, and giving them a sign-in."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.public import open_account
from core import history
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.models import Department, Institution, Staff, Team, TeamMember
from directory.ports import coming_bookings
from directory.queries.overview import load
from directory.queries.units import units_by_code
from directory.resources import staff_resource
from directory.schemas import (
    Action,
    AtState,
    ChangeStaff,
    ClosedStaff,
    CreateStaff,
    Duty,
    Kind,
    OpenStaffAccount,
    StaffAccount,
    StaffView,
)
from directory.services.roster import grant_by_duty, leave_team
from directory.services.standing import require_in_service, take_back, take_out


def create_staff(session: Session, actor: Actor, command: CreateStaff) -> StaffView:
    """Register somebody at an institution. Raises NotFound, Denied, Invalid or Conflict."""
    institution: Institution = load(session, Institution, command.institution_id)
    require(session, actor, Action.CREATE_STAFF, staff_resource(None, institution))
    require_in_service(institution)
    department = _department(session, institution.id, command.department_id)
    row = Staff(id=new_id(), **command.model_dump())
    session.add(row)
    session.flush()
    given = command.model_dump(mode="json", exclude={"institution_id", "department_id"})
    history.note_creation(session, actor, Kind.STAFF, row, given | {"department": department})
    return StaffView.model_validate(row)


def change_staff(session: Session, actor: Actor, staff_id: UUID, command: ChangeStaff) -> StaffView:
    """Change what was given. Raises NotFound, Denied, Invalid or Conflict."""
    row = _asked(session, actor, staff_id, Action.CHANGE_STAFF)
    values = command.values(emptied={"department_id"})
    shown: dict[str, history.Shown] = {}
    if "department_id" in values and values["department_id"] != row.department_id:
        before = _department_name(session, row.department_id)
        after = _department(session, row.institution_id, values["department_id"])
        shown["department_id"] = ("department", before, after)
    history.change(session, actor, Kind.STAFF, row, command.version, values, shown)
    return StaffView.model_validate(row)


def disable_staff(session: Session, actor: Actor, staff_id: UUID, command: AtState) -> ClosedStaff:
    """End somebody's work here: they leave their teams, and the rights given by these end.

    Their account stays: it may serve elsewhere. Raises NotFound, Denied, or Conflict
    ``leads_a_team`` where a team would be left without its leader.
    """
    row = _asked(session, actor, staff_id, Action.DISABLE_STAFF)
    for team, duty in _memberships(session, staff_id):
        if duty == Duty.LEADER and not team.disabled:
            raise Conflict(
                "leads_a_team",
                N_("此人是“%(team)s”的团队长，请先为团队指定新的团队长。"),
                team=team.name,
            )
        if duty != Duty.LEADER:
            leave_team(session, actor, team, row)
    take_out(session, actor, Kind.STAFF, row, command.version)
    bookings = coming_bookings(session, Kind.STAFF, staff_id)
    return ClosedStaff(**StaffView.model_validate(row).model_dump(), coming_bookings=bookings)


def enable_staff(session: Session, actor: Actor, staff_id: UUID, command: AtState) -> StaffView:
    """Take somebody back; teams are joined anew. Raises NotFound, Denied or Conflict."""
    row = _asked(session, actor, staff_id, Action.DISABLE_STAFF)
    require_in_service(load(session, Institution, row.institution_id))
    take_back(session, actor, Kind.STAFF, row, command.version)
    return StaffView.model_validate(row)


def open_staff_account(
    session: Session,
    actor: Actor,
    staff_id: UUID,
    command: OpenStaffAccount,
    initial_password: str,
) -> StaffAccount:
    """Give one of the staff a sign-in, with the rights that their duties in teams bring.

    Raises NotFound, Denied, or Conflict (an account exists already, or the name is taken).
    """
    row = _asked(session, actor, staff_id, Action.CHANGE_STAFF)
    if row.account_id is not None:
        raise _has_account()
    if row.disabled:
        raise Conflict("staff_disabled", N_("此人已停用，请先恢复，再开通账号。"))
    workplace = units_by_code(session, [str(row.institution_id)])[str(row.institution_id)]
    account = open_account(session, actor, command.username, row.name, workplace, initial_password)
    linked = session.execute(
        update(Staff)
        .where(Staff.id == staff_id, Staff.account_id.is_(None))
        .values(account_id=account.id, version=Staff.version + 1)
        .execution_options(synchronize_session=False)
        .returning(Staff.id)
    ).first()
    if linked is None:
        raise _has_account()
    session.refresh(row)
    history.note(session, actor, Kind.STAFF, row, {"account": [None, command.username]})
    for team, duty in _memberships(session, staff_id):
        if not team.disabled:
            grant_by_duty(session, actor, team, row, Duty(duty))
    return StaffAccount(staff_id=staff_id, account_id=account.id, username=command.username)


def _asked(session: Session, actor: Actor, staff_id: UUID, action: Action) -> Staff:
    """The entry, if the actor may do ``action`` to it."""
    row: Staff = load(session, Staff, staff_id)
    institution: Institution = load(session, Institution, row.institution_id)
    require(session, actor, action, staff_resource(row, institution))
    return row


def _has_account() -> Conflict:
    return Conflict("has_account", N_("此人已有账号，请到账号页面办理。"))


def _memberships(session: Session, staff_id: UUID) -> list[tuple[Team, str]]:
    query = (
        select(Team, TeamMember.duty)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(TeamMember.staff_id == staff_id)
        .order_by(Team.id)
    )
    return [(row[0], row.duty) for row in session.execute(query)]


def _department(session: Session, institution_id: UUID, department_id: UUID | None) -> str | None:
    """The name of a department in service of this institution. Raises Invalid for any other."""
    if department_id is None:
        return None
    department = session.get(Department, department_id)
    if department is None or department.disabled or department.institution_id != institution_id:
        sentence = N_("请选择本机构在用的科室。")
        raise Invalid("wrong_department", sentence, fields={"department_id": sentence})
    return department.name


def _department_name(session: Session, department_id: UUID | None) -> str | None:
    department = session.get(Department, department_id) if department_id else None
    return department.name if department else None
