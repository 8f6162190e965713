"""Rights follow the roster of a team, and nobody writes themself into one."""

from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.models import RoleGrant
from auth.queries.actors import actor_of_account
from core.access import Actor, Role
from core.errors import Conflict, Denied, Invalid
from core.paging import PageQuery
from directory.models import Staff, TeamMember
from directory.queries.administration import (
    managed_team,
)
from directory.queries.overview import history_of
from directory.schemas import (
    AtState,
    CreateTeam,
    Duty,
    Kind,
    OpenStaffAccount,
    SetMember,
)
from directory.services import staff, teams
from tests.factories.auth import make_account
from tests.factories.directory import (
    CITY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_institution,
    make_staff,
    make_team,
)

PASSWORD = "an initial password"


def administrator(session: Session, *units: str, name: str = "管理员甲") -> Actor:
    """One who administers these units."""
    account = make_account(session, name=name, roles={Role.ADMINISTRATOR: list(units)})
    actor = actor_of_account(session, account.id)
    assert actor is not None
    return actor


def actor_for(session: Session, account_id: UUID) -> Actor:
    """The actor of an account as it stands."""
    actor = actor_of_account(session, account_id)
    assert actor is not None
    return actor


def current_roles(session: Session, account_id: UUID, unit: UUID) -> list[str]:
    """The roles an account holds on a unit now."""
    return list(
        session.scalars(
            select(RoleGrant.role).where(
                RoleGrant.account_id == account_id,
                RoleGrant.unit == str(unit),
                RoleGrant.ended_at.is_(None),
            )
        )
    )


def test_rights_follow_the_roster(session: Session) -> None:
    row = make_institution(session, type_code="C220")
    actor = administrator(session, str(row.id))
    first, second = (
        make_staff(session, row, account_id=make_account(session, name=name).id, name=name)
        for name in ("甲", "乙")
    )
    assert first.account_id and second.account_id
    team = teams.create_team(
        session,
        actor,
        CreateTeam(
            institution_id=row.id,
            division_code=TOWNSHIP,
            name="一队",
            capacity=1500,
            leader_id=first.id,
        ),
    )
    assert team.leader_name == "甲" and [m.duty for m in team.members] == [Duty.LEADER]
    assert current_roles(session, first.account_id, team.id) == ["leader"]

    joined = SetMember(version=team.version, staff_id=second.id, duty=Duty.NURSE)
    team = teams.set_member(session, actor, team.id, joined)
    assert current_roles(session, second.account_id, team.id) == ["member"]

    led = SetMember(version=team.version, staff_id=second.id, duty=Duty.LEADER)
    team = teams.set_member(session, actor, team.id, led)
    assert team.leader_name == "乙"
    assert current_roles(session, second.account_id, team.id) == ["leader"]
    assert current_roles(session, first.account_id, team.id) == ["member"]
    leaders = select(func.count()).where(
        TeamMember.team_id == team.id, TeamMember.duty == Duty.LEADER
    )
    assert session.scalar(leaders) == 1

    with pytest.raises(Conflict) as needs:
        teams.remove_member(session, actor, team.id, second.id, AtState(version=team.version))
    assert needs.value.code == "needs_leader"
    with pytest.raises(Conflict) as stale:
        teams.remove_member(session, actor, team.id, first.id, AtState(version=1))
    assert stale.value.code == "stale_version"
    team = teams.remove_member(session, actor, team.id, first.id, AtState(version=team.version))
    assert current_roles(session, first.account_id, team.id) == []

    teams.disable_team(session, actor, team.id, AtState(version=team.version))
    assert current_roles(session, second.account_id, team.id) == []
    team = teams.enable_team(session, actor, team.id, AtState(version=team.version + 1))
    assert current_roles(session, second.account_id, team.id) == ["leader"]

    words = [entry.changes for entry in history_of(
        session, actor, Kind.TEAM, team.id, PageQuery()
    ).items]  # fmt: skip
    assert {"member_general_practitioner": ["甲", None]} in words
    assert {"member_nurse": [None, "乙"]} in words


def test_an_administrator_does_not_put_themself_on_a_roster(session: Session) -> None:
    row = make_institution(session)
    team, _, _ = make_team(session, row)
    actor = administrator(session, str(row.id))
    own = make_staff(session, row, account_id=actor.account_id)
    with pytest.raises(Denied):
        teams.set_member(
            session, actor, team.id, SetMember(version=1, staff_id=own.id, duty=Duty.NURSE)
        )


def test_a_team_is_made_of_colleagues_within_the_county(session: Session) -> None:
    row, other = make_institution(session), make_institution(session)
    actor = administrator(session, CITY)
    stranger, own = make_staff(session, other), make_staff(session, row)

    def command(leader: UUID, division: str) -> CreateTeam:
        return CreateTeam(
            institution_id=row.id, division_code=division, name="队", leader_id=leader
        )

    with pytest.raises(Invalid) as wrong:
        teams.create_team(session, actor, command(stranger.id, TOWNSHIP))
    assert "leader_id" in wrong.value.fields
    with pytest.raises(Invalid) as far:
        teams.create_team(session, actor, command(own.id, OTHER_TOWNSHIP))
    assert "division_code" in far.value.fields


def test_ending_somebodys_work(session: Session) -> None:
    row = make_institution(session)
    team, leader, nurse = make_team(session, row)
    actor = administrator(session, str(row.id))
    by_account = {
        person.account_id: person
        for person in session.scalars(select(Staff).where(Staff.institution_id == row.id))
    }
    with pytest.raises(Conflict) as leads:
        staff.disable_staff(session, actor, by_account[leader].id, AtState(version=1))
    assert leads.value.code == "leads_a_team"
    staff.disable_staff(session, actor, by_account[nurse].id, AtState(version=1))
    assert current_roles(session, nurse, team.id) == []
    assert len(managed_team(session, actor, team.id).members) == 1


def test_a_member_of_staff_gets_an_account_with_the_rights_of_their_duties(
    session: Session,
) -> None:
    row = make_institution(session)
    team, _, _ = make_team(session, row)
    actor = administrator(session, str(row.id))
    person = make_staff(session, row, name="黄护士")
    teams.set_member(
        session, actor, team.id, SetMember(version=1, staff_id=person.id, duty=Duty.NURSE)
    )
    opened = staff.open_staff_account(
        session, actor, person.id, OpenStaffAccount(username="huang-nurse"), PASSWORD
    )
    assert current_roles(session, opened.account_id, team.id) == ["member"]
    assert actor_for(session, opened.account_id).name == "黄护士"
    with pytest.raises(Conflict):
        staff.open_staff_account(
            session, actor, person.id, OpenStaffAccount(username="huang-two"), PASSWORD
        )
