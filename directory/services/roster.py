"""Who does what in a team. Rights follow the roster: leader or member on the team's id."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.public import hold_team_role
from core import history
from core.access import Actor, Role
from core.errors import NotFound
from directory.models import Staff, Team, TeamMember
from directory.queries.units import units_by_code
from directory.schemas import Duty, Kind


def role_of(duty: Duty) -> Role:
    """The role that a duty in a team brings."""
    return Role.LEADER if duty is Duty.LEADER else Role.MEMBER


def take_duty(session: Session, actor: Actor, team: Team, staff: Staff, duty: Duty) -> None:
    """Write ``staff`` into the roster with this duty, and give their account its role.

    The caller has made room for a new leader. Raises Denied for the actor's own account.
    """
    before = session.get(TeamMember, (team.id, staff.id))
    changes: dict[str, list[object]] = {}
    if before is not None and before.duty != duty:
        changes[f"member_{before.duty}"] = [staff.name, None]
    row = insert(TeamMember).values(team_id=team.id, staff_id=staff.id, duty=duty)
    session.execute(
        row.on_conflict_do_update(
            index_elements=[TeamMember.team_id, TeamMember.staff_id], set_={"duty": duty}
        )
    )
    if before is not None:
        session.refresh(before)
    changes[f"member_{duty}"] = [None, staff.name]
    history.note(session, actor, Kind.TEAM, team, changes)
    grant_by_duty(session, actor, team, staff, duty)


def leave_team(session: Session, actor: Actor, team: Team, staff: Staff) -> None:
    """Take ``staff`` off the roster; the role it brought ends. Raises NotFound or Denied."""
    duty = session.execute(
        delete(TeamMember)
        .where(TeamMember.team_id == team.id, TeamMember.staff_id == staff.id)
        .returning(TeamMember.duty)
    ).scalar_one_or_none()
    if duty is None:
        raise NotFound()
    history.note(session, actor, Kind.TEAM, team, {f"member_{duty}": [staff.name, None]})
    grant_by_duty(session, actor, team, staff, None)


def grant_by_duty(
    session: Session, actor: Actor, team: Team, staff: Staff, duty: Duty | None
) -> None:
    """Make the account of ``staff``, if they have one, hold the role of this duty and no other."""
    if staff.account_id is None:
        return
    unit = units_by_code(session, [str(team.id)])[str(team.id)]
    hold_team_role(session, actor, staff.account_id, unit, role_of(duty) if duty else None)
