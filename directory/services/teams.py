"""Setting up, changing and closing family-doctor teams, and keeping their rosters."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.public import end_grants
from core import history
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.divisions import division_path
from directory.models import Division, Institution, Staff, Team, TeamMember
from directory.queries import get_team, list_team_members
from directory.queries.overview import load
from directory.resources import team_resource
from directory.schemas import (
    Action,
    AtState,
    ChangeTeam,
    CreateTeam,
    Duty,
    Kind,
    SetMember,
    TeamRoster,
)
from directory.services.refusals import in_words
from directory.services.roster import grant_by_duty, leave_team, take_duty
from directory.services.standing import require_in_service, take_back, take_out


def create_team(session: Session, actor: Actor, command: CreateTeam) -> TeamRoster:
    """Set up a team with its leader. Raises NotFound, Denied, Invalid or Conflict."""
    institution: Institution = load(session, Institution, command.institution_id)
    require(session, actor, Action.CREATE_TEAM, team_resource(None, institution))
    require_in_service(institution)
    _require_near(institution, command.division_code)
    leader = _colleague(session, institution.id, command.leader_id, "leader_id")
    row = Team(id=new_id(), **command.model_dump(exclude={"leader_id"}))
    with in_words(session):
        session.add(row)
        session.flush()
    given = command.model_dump(mode="json", include={"name", "capacity", "introduction"})
    given["division"] = _division_name(session, command.division_code)
    history.note_creation(session, actor, Kind.TEAM, row, given)
    take_duty(session, actor, row, leader, Duty.LEADER)
    return _roster(session, row.id)


def change_team(session: Session, actor: Actor, team_id: UUID, command: ChangeTeam) -> TeamRoster:
    """Change what was given. Raises NotFound, Denied, Invalid or Conflict."""
    row, institution = _asked(session, actor, team_id, Action.CHANGE_TEAM)
    values = command.values()
    shown: dict[str, history.Shown] = {}
    place = values.get("division_code", row.division_code)
    if place != row.division_code:
        _require_near(institution, place)
        names = _division_name(session, row.division_code), _division_name(session, place)
        shown["division_code"] = ("division", *names)
    with in_words(session):
        history.change(session, actor, Kind.TEAM, row, command.version, values, shown)
    return _roster(session, team_id)


def set_member(session: Session, actor: Actor, team_id: UUID, command: SetMember) -> TeamRoster:
    """Put somebody on the roster or give them another duty; their rights follow.

    A new leader takes the place of the old one, who stays as a general practitioner.
    Raises NotFound, Denied (oneself too), Invalid or Conflict.
    """
    row, institution = _asked(session, actor, team_id, Action.CHANGE_TEAM)
    staff = _colleague(session, institution.id, command.staff_id, "staff_id")
    _require_open(row)
    leader = _leader(session, team_id)
    if leader.id == staff.id:
        if command.duty is not Duty.LEADER:
            raise _needs_leader()
        return _roster(session, team_id)
    history.touch(session, row, command.version)
    if command.duty is Duty.LEADER:
        take_duty(session, actor, row, leader, Duty.GENERAL_PRACTITIONER)
    take_duty(session, actor, row, staff, command.duty)
    return _roster(session, team_id)


def remove_member(
    session: Session, actor: Actor, team_id: UUID, staff_id: UUID, command: AtState
) -> TeamRoster:
    """Take somebody off the roster; their rights end. Raises NotFound, Denied or Conflict."""
    row, _ = _asked(session, actor, team_id, Action.CHANGE_TEAM)
    staff: Staff = load(session, Staff, staff_id)
    if _leader(session, team_id).id == staff_id:
        raise _needs_leader()
    history.touch(session, row, command.version)
    leave_team(session, actor, row, staff)
    return _roster(session, team_id)


def disable_team(session: Session, actor: Actor, team_id: UUID, command: AtState) -> TeamRoster:
    """Close a team; its roster is kept, the rights on it end.

    Raises NotFound, Denied or Conflict.
    """
    row, _ = _asked(session, actor, team_id, Action.DISABLE_TEAM)
    take_out(session, actor, Kind.TEAM, row, command.version)
    end_grants(session, [str(team_id)])
    return _roster(session, team_id)


def enable_team(session: Session, actor: Actor, team_id: UUID, command: AtState) -> TeamRoster:
    """Open a closed team again; the rights of its roster come back.

    Raises NotFound, Denied or Conflict.
    """
    row, institution = _asked(session, actor, team_id, Action.DISABLE_TEAM)
    require_in_service(institution)
    if _leader(session, team_id).disabled:
        raise Conflict("leader_disabled", N_("团队长已停用，请先恢复此人，再恢复团队。"))
    take_back(session, actor, Kind.TEAM, row, command.version)
    for staff, duty in _members(session, team_id):
        grant_by_duty(session, actor, row, staff, Duty(duty))
    return _roster(session, team_id)


def _asked(
    session: Session, actor: Actor, team_id: UUID, action: Action
) -> tuple[Team, Institution]:
    """The team and its institution, if the actor may do ``action`` to it."""
    row: Team = load(session, Team, team_id)
    institution: Institution = load(session, Institution, row.institution_id)
    require(session, actor, action, team_resource(row, institution))
    return row, institution


def _roster(session: Session, team_id: UUID) -> TeamRoster:
    members = list_team_members(session, team_id)
    return TeamRoster(**get_team(session, team_id).model_dump(), members=members)


def _members(session: Session, team_id: UUID) -> list[tuple[Staff, str]]:
    query = (
        select(Staff, TeamMember.duty)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .where(TeamMember.team_id == team_id, Staff.disabled_at.is_(None))
        .order_by(Staff.id)
    )
    return [(row[0], row.duty) for row in session.execute(query)]


def _leader(session: Session, team_id: UUID) -> Staff:
    query = (
        select(Staff)
        .join(TeamMember, TeamMember.staff_id == Staff.id)
        .where(TeamMember.team_id == team_id, TeamMember.duty == Duty.LEADER)
    )
    return session.scalars(query).one()


def _colleague(session: Session, institution_id: UUID, staff_id: UUID, field: str) -> Staff:
    """One in service at this institution. Raises Invalid for anybody else."""
    staff = session.get(Staff, staff_id)
    if staff is None or staff.disabled or staff.institution_id != institution_id:
        sentence = N_("请选择本机构在用的人员。")
        raise Invalid("not_a_colleague", sentence, fields={field: sentence})
    return staff


def _require_near(institution: Institution, division_code: str) -> None:
    """A team serves within the county of its institution. Raises Invalid."""
    county = division_path(institution.division_code)[-2:][0]
    if county not in division_path(division_code):
        sentence = N_("团队的服务区划要在机构所在的县区内。")
        raise Invalid("too_far", sentence, fields={"division_code": sentence})


def _require_open(team: Team) -> None:
    if team.disabled:
        raise Conflict("team_disabled", N_("这个团队已停用，请先恢复使用。"))


def _needs_leader() -> Conflict:
    return Conflict("needs_leader", N_("团队要有一位团队长，请先指定新的团队长。"))


def _division_name(session: Session, code: str) -> str:
    division = session.get(Division, code)
    return division.name if division else code
