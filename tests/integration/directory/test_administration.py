"""Administrators change what lies within their units, and nothing else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from auth.queries.actors import actor_of_account
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict, Denied, Invalid, NotFound, PortalError
from core.models import AuditEvent
from core.paging import PageQuery
from directory.models import Department, Institution, Team
from directory.queries.administration import (
    managed_departments,
    managed_institution,
    managed_institutions,
    managed_staff,
    managed_team,
    managed_teams,
)
from directory.queries.overview import history_of, overview
from directory.schemas import (
    AtState,
    ChangeDepartment,
    ChangeInstitution,
    ChangeStaff,
    ChangeTeam,
    CreateDepartment,
    CreateInstitution,
    CreateStaff,
    CreateTeam,
    DisableInstitution,
    Duty,
    Kind,
    ManagedDepartments,
    ManagedInstitutions,
    ManagedStaff,
    ManagedTeams,
    OpenStaffAccount,
    SetMember,
)
from directory.services import departments, institutions, staff, teams
from tests.factories.auth import make_account
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_department,
    make_divisions,
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


def new_institution(
    division_code: str = TOWNSHIP, code: str = "990102-A100-07"
) -> CreateInstitution:
    """A command that is right."""
    return CreateInstitution(
        code=code,
        name="新建医院",
        short_name="新医院",
        type_code="A100",
        level="二级",
        ownership="public",
        division_code=division_code,
        beds=120,
    )


def test_a_county_administrator_opens_an_institution_in_the_county(session: Session) -> None:
    make_divisions(session)
    actor = administrator(session, COUNTY)
    view = institutions.create_institution(session, actor, new_institution())
    assert view.version == 1 and view.beds == 120 and not view.disabled
    history = history_of(session, actor, Kind.INSTITUTION, view.id, PageQuery()).items
    assert history[0].actor_name == "管理员甲"
    assert history[0].changes["name"] == [None, "新建医院"]
    assert history[0].changes["division"] == [None, "一镇"]


def test_not_in_another_county_and_not_by_an_institutions_own_administrator(
    session: Session,
) -> None:
    own = make_institution(session)
    for actor in (administrator(session, COUNTY), administrator(session, str(own.id))):
        with pytest.raises(Denied):
            institutions.create_institution(session, actor, new_institution(OTHER_TOWNSHIP))
    with pytest.raises(Denied):
        institutions.create_institution(
            session, administrator(session, str(own.id)), new_institution()
        )


def test_a_code_or_division_that_does_not_fit_names_its_field(session: Session) -> None:
    make_divisions(session)
    actor = administrator(session, CITY)
    institutions.create_institution(session, actor, new_institution())
    with pytest.raises(Conflict) as taken:
        institutions.create_institution(session, actor, new_institution())
    assert "code" in taken.value.fields
    with pytest.raises(Invalid) as unknown:
        institutions.create_institution(
            session, actor, new_institution("990102999", "990102-A100-08")
        )
    assert "division_code" in unknown.value.fields


def test_everything_elsewhere_is_refused(session: Session) -> None:
    elsewhere = make_institution(session, division_code=OTHER_TOWNSHIP)
    department = make_department(session, elsewhere)
    colleague = make_staff(session, elsewhere)
    team, _, _ = make_team(session, elsewhere)
    actor = administrator(session, COUNTY, str(make_institution(session).id))
    at_one = AtState(version=1)
    attempts: list[Callable[[], object]] = [
        lambda: institutions.change_institution(
            session, actor, elsewhere.id, ChangeInstitution(version=1, name="改名")
        ),
        lambda: institutions.disable_institution(
            session, actor, elsewhere.id, DisableInstitution(version=1, cascade=True)
        ),
        lambda: departments.create_department(
            session,
            actor,
            CreateDepartment(institution_id=elsewhere.id, specialty_code="03", name="外科"),
        ),
        lambda: departments.change_department(
            session, actor, department.id, ChangeDepartment(version=1, name="改名")
        ),
        lambda: departments.disable_department(session, actor, department.id, at_one),
        lambda: staff.create_staff(
            session,
            actor,
            CreateStaff(institution_id=elsewhere.id, name="某人", profession="nurse"),
        ),
        lambda: staff.change_staff(
            session, actor, colleague.id, ChangeStaff(version=1, name="改名")
        ),
        lambda: staff.disable_staff(session, actor, colleague.id, at_one),
        lambda: staff.open_staff_account(
            session, actor, colleague.id, OpenStaffAccount(username="someone"), PASSWORD
        ),
        lambda: teams.change_team(session, actor, team.id, ChangeTeam(version=1, capacity=5)),
        lambda: teams.set_member(
            session,
            actor,
            team.id,
            SetMember(version=1, staff_id=colleague.id, duty=Duty.NURSE),
        ),
        lambda: teams.remove_member(session, actor, team.id, colleague.id, at_one),
        lambda: teams.disable_team(session, actor, team.id, at_one),
        lambda: history_of(session, actor, Kind.TEAM, team.id, PageQuery()),
        lambda: history_of(session, actor, Kind.INSTITUTION, elsewhere.id, PageQuery()),
    ]
    for attempt in attempts:
        with pytest.raises(Denied):
            attempt()
    reads: list[Callable[[], object]] = [
        lambda: managed_institution(session, actor, elsewhere.id),
        lambda: managed_team(session, actor, team.id),
    ]
    for read in reads:
        with pytest.raises(NotFound):
            read()


def test_lists_hold_what_the_policy_lets_through(session: Session) -> None:
    here = make_institution(session)
    there = make_institution(session, division_code=OTHER_TOWNSHIP)
    for institution in (here, there):
        make_department(session, institution)
        make_team(session, institution)
    for scope, expected in (
        ([COUNTY], {here.id}),
        ([OTHER_COUNTY], {there.id}),
        ([TOWNSHIP], {here.id}),
        ([str(there.id)], {there.id}),
        ([CITY], {here.id, there.id}),
    ):
        actor = administrator(session, *scope)
        listed = managed_institutions(session, actor, ManagedInstitutions()).items
        assert {item.id for item in listed} == expected
        for item in listed:
            assert item.departments == 1 and item.teams == 1 and item.staff == 2
        for items in (
            managed_departments(session, actor, ManagedDepartments()).items,
            managed_staff(session, actor, ManagedStaff()).items,
            managed_teams(session, actor, ManagedTeams()).items,
        ):
            assert {item.institution_id for item in items} == expected


def test_who_administers_nothing_gets_no_list(session: Session) -> None:
    actor = actor_for(session, make_account(session, roles={Role.REGISTRAR: [CITY]}).id)
    with pytest.raises(Denied):
        managed_institutions(session, actor, ManagedInstitutions())
    with pytest.raises(Denied):
        overview(session, actor)


def test_a_stale_change_is_a_conflict_and_changes_nothing(session: Session) -> None:
    row = make_institution(session)
    actor = administrator(session, COUNTY)
    changed = institutions.change_institution(
        session, actor, row.id, ChangeInstitution(version=1, beds=200)
    )
    assert changed.version == 2
    with pytest.raises(Conflict) as stale:
        institutions.change_institution(
            session, actor, row.id, ChangeInstitution(version=1, beds=300)
        )
    assert stale.value.code == "stale_version"
    assert managed_institution(session, actor, row.id).beds == 200


def test_a_change_without_a_difference_leaves_no_trace(session: Session) -> None:
    row = make_institution(session)
    actor = administrator(session, COUNTY)
    same = ChangeInstitution(version=1, beds=row.beds, name=row.name)
    assert institutions.change_institution(session, actor, row.id, same).version == 1
    assert history_of(session, actor, Kind.INSTITUTION, row.id, PageQuery()).items == []


def test_of_two_changes_at_once_one_wins(committed_database: Engine) -> None:
    with transaction() as session:
        row = make_institution(session)
        actor = administrator(session, COUNTY)

    def change(beds: int) -> str:
        try:
            with transaction() as session:
                institutions.change_institution(
                    session, actor, row.id, ChangeInstitution(version=1, beds=beds)
                )
            return "changed"
        except PortalError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(change, range(500, 508)))
    assert sorted(outcomes) == ["changed"] + ["stale_version"] * 7


def test_moving_an_institution_needs_rights_on_the_new_place(session: Session) -> None:
    row = make_institution(session)
    move = ChangeInstitution(version=1, division_code=OTHER_TOWNSHIP)
    for scope in (COUNTY, str(row.id)):
        with pytest.raises(Denied):
            institutions.change_institution(session, administrator(session, scope), row.id, move)
    actor = administrator(session, CITY)
    moved = institutions.change_institution(session, actor, row.id, move)
    assert moved.division_code == OTHER_TOWNSHIP
    entry = history_of(session, actor, Kind.INSTITUTION, row.id, PageQuery()).items[0]
    assert entry.changes == {"division": ["一镇", "二镇"]}


def test_closing_an_institution_says_what_it_still_runs_and_cascades_when_asked(
    session: Session,
) -> None:
    row = make_institution(session)
    department = make_department(session, row)
    team, leader, _ = make_team(session, row)
    registrar = make_account(session, roles={Role.REGISTRAR: [str(row.id)]})
    actor = administrator(session, COUNTY)
    with pytest.raises(Denied):
        institutions.disable_institution(
            session,
            administrator(session, str(row.id)),
            row.id,
            DisableInstitution(version=1, cascade=True),
        )
    with pytest.raises(Conflict) as in_use:
        institutions.disable_institution(session, actor, row.id, DisableInstitution(version=1))
    assert in_use.value.code == "institution_in_use"
    assert in_use.value.message.values == {"departments": 1, "teams": 1, "staff": 2}
    closed = institutions.disable_institution(
        session, actor, row.id, DisableInstitution(version=1, cascade=True)
    )
    assert closed.disabled
    assert session.get_one(Department, department.id).disabled
    assert session.get_one(Team, team.id).disabled
    assert actor_for(session, leader).roles == ()
    assert actor_for(session, registrar.id).roles == ()
    with pytest.raises(Conflict):
        departments.create_department(
            session, actor, CreateDepartment(institution_id=row.id, specialty_code="03", name="新")
        )
    opened = institutions.enable_institution(session, actor, row.id, AtState(version=2))
    assert not opened.disabled and session.get_one(Department, department.id).disabled
    entries = history_of(session, actor, Kind.INSTITUTION, row.id, PageQuery()).items
    assert [entry.changes["disabled"] for entry in entries] == [[True, False], [False, True]]


def test_the_overview_counts_within_the_units_and_shows_what_needs_attention(
    session: Session,
) -> None:
    here = make_institution(session)
    make_institution(session, division_code=OTHER_TOWNSHIP)
    actor = administrator(session, COUNTY)
    team, _, _ = make_team(session, here)
    leader = make_staff(session, here)
    lonely = teams.create_team(
        session,
        actor,
        CreateTeam(institution_id=here.id, division_code=TOWNSHIP, name="队", leader_id=leader.id),
    )
    view = overview(session, actor)
    assert (view.institutions, view.teams, view.staff) == (1, 2, 3)
    assert view.teams_without_nurse == 1
    assert view.hospitals_without_department == 1
    assert {change.subject_id for change in view.changes} == {lonely.id}
    assert overview(session, administrator(session, OTHER_COUNTY)).changes == []
    found = managed_teams(session, actor, ManagedTeams(without=Duty.NURSE)).items
    assert [item.id for item in found] == [lonely.id]
    assert team.id != lonely.id


def test_every_decision_is_audited(session: Session) -> None:
    with transaction() as work:
        row = make_institution(work)
        actor = administrator(work, COUNTY)
        stranger = administrator(work, OTHER_COUNTY)
    command = ChangeInstitution(version=1, beds=7)
    with pytest.raises(Denied), transaction() as work:
        institutions.change_institution(work, stranger, row.id, command)
    with transaction() as work:
        institutions.change_institution(work, actor, row.id, command)
    events = session.execute(
        select(AuditEvent.account_id, AuditEvent.outcome, AuditEvent.policies).where(
            AuditEvent.resource_id == str(row.id),
            AuditEvent.action == "directory:change-institution",
        )
    ).all()
    assert {(event.account_id, event.outcome) for event in events} == {
        (stranger.account_id, "denied"),
        (actor.account_id, "allowed"),
    }
    assert ["directory.change-own-units"] in [event.policies for event in events]
    assert session.get_one(Institution, row.id).beds == 7
