"""Roles: who gives which, where and for how long; three duties stay with three people."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.models import RoleGrant
from auth.queries.accounts import account_history, get_account, list_accounts
from auth.queries.actors import actor_of_account, actor_of_session, actor_of_token
from auth.queries.grants import grants_of
from auth.schemas import AccountSearch, AccountVersion, EndRole, GrantRole
from auth.services import administration, grants
from auth.services.accounts import add_grant, grant_role
from core import clock
from core.access import Role
from core.database import transaction
from core.errors import Conflict, Denied, Invalid, PortalError
from core.ids import new_id
from core.paging import PageQuery
from core.roles import DUTIES
from tests.factories.auth import (
    actor_for,
    make_account,
    make_token,
    open_browser_session,
    overseer,
)
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_divisions,
    make_institution,
    make_team,
)

AT_ONE = AccountVersion(version=1)
PASSWORD = "an initial password"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def divisions(request: pytest.FixtureRequest) -> None:
    if "committed_database" not in request.fixturenames:
        make_divisions(request.getfixturevalue("session"))


@pytest.mark.parametrize(
    ("granter", "scope", "role", "unit"),
    [
        (Role.ADMINISTRATOR, COUNTY, Role.ANALYST, CITY),
        (Role.ADMINISTRATOR, COUNTY, Role.ANALYST, OTHER_COUNTY),
        (Role.ADMINISTRATOR, TOWNSHIP, Role.ANALYST, OTHER_TOWNSHIP),
        (Role.SECURITY, COUNTY, Role.ADMINISTRATOR, OTHER_COUNTY),
        (Role.SECURITY, COUNTY, Role.ADMINISTRATOR, CITY),
        (Role.SECURITY, COUNTY, Role.SECURITY, CITY),
        (Role.SECURITY, TOWNSHIP, Role.AUDITOR, COUNTY),
    ],
)
def test_nobody_gives_rights_beyond_their_own_units(
    session: Session, granter: Role, scope: str, role: Role, unit: str
) -> None:
    actor = overseer(session, granter, scope)
    known = make_account(session, roles={Role.ANALYST: [scope]})
    with pytest.raises(Denied):
        grants.give_role(session, actor, known.id, GrantRole(role=role, unit=unit))
    with pytest.raises(Denied):
        grants.end_role(session, actor, known.id, EndRole(role=role, unit=unit))


def test_administrators_give_service_roles_and_security_administrators_the_duties(
    session: Session,
) -> None:
    administrator = overseer(session, Role.ADMINISTRATOR, CITY)
    guard = overseer(session, Role.SECURITY, CITY)
    auditor = overseer(session, Role.AUDITOR, CITY)
    for role in (Role.ANALYST, *DUTIES):
        right, *wrong = (
            (administrator, guard, auditor)
            if role is Role.ANALYST
            else (guard, administrator, auditor)
        )
        known = make_account(session, roles={Role.ANALYST: [TOWNSHIP]})
        given = GrantRole(role=role, unit=COUNTY)
        for actor in wrong:
            with pytest.raises(Denied):
                grants.give_role(session, actor, known.id, given)
        held = grants.give_role(session, right, known.id, given)
        assert role in {grant.role for grant in held.grants}
        assert all(grant.granted_by == "管理员甲" for grant in held.grants if grant.unit == COUNTY)
        for actor in wrong:
            with pytest.raises(Denied):
                grants.end_role(session, actor, known.id, EndRole(role=role, unit=COUNTY))
        left = grants.end_role(session, right, known.id, EndRole(role=role, unit=COUNTY))
        assert [grant.unit for grant in left.grants] == [TOWNSHIP]


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SECURITY])
def test_nobody_gives_or_takes_their_own_rights(session: Session, role: Role) -> None:
    actor = overseer(session, role, CITY)
    for other in (Role.ANALYST, *DUTIES):
        with pytest.raises(Denied):
            grants.give_role(session, actor, actor.account_id, GrantRole(role=other, unit=CITY))
    attempts: list[Callable[[], object]] = [
        lambda: grants.end_role(session, actor, actor.account_id, EndRole(role=role, unit=CITY)),
        lambda: administration.disable_account(session, actor, actor.account_id, AT_ONE),
        lambda: administration.reset_password(session, actor, actor.account_id, AT_ONE, PASSWORD),
    ]
    for attempt in attempts:
        with pytest.raises(Denied):
            attempt()


def test_a_security_administrators_own_refusal_says_which_rule(session: Session) -> None:
    actor = overseer(session, Role.SECURITY, CITY)
    with pytest.raises(Denied) as refused:
        grants.give_role(session, actor, actor.account_id, GrantRole(role=Role.AUDITOR, unit=CITY))
    assert refused.value.reason == "auth.not-to-oneself"
    assert "不能给自己授予" in str(refused.value.message)


def test_roles_are_given_on_the_units_they_are_for(session: Session) -> None:
    institution = make_institution(session)
    team, leader, _ = make_team(session, institution)
    actor = overseer(session, Role.SECURITY, CITY)
    for role, unit, field in (
        (Role.REGISTRAR, COUNTY, "unit"),
        (Role.ANALYST, str(institution.id), "unit"),
        (Role.ADMINISTRATOR, str(team.id), "unit"),
        (Role.AUDITOR, str(team.id), "unit"),
        (Role.SECURITY, "990199", "unit"),
        (Role.ADMINISTRATOR, str(new_id()), "unit"),
        (Role.LEADER, str(team.id), "role"),
        (Role.MEMBER, str(team.id), "role"),
        (Role.RESIDENT, CITY, "role"),
    ):
        with pytest.raises(Invalid) as wrong:
            grants.give_role(session, actor, leader, GrantRole(role=role, unit=unit))
        assert field in wrong.value.fields


def test_an_institutions_own_people_stay_within_it(session: Session) -> None:
    own, other = make_institution(session), make_institution(session)
    known = make_account(session, roles={Role.REGISTRAR: [str(own.id)]})
    stranger = make_account(session, roles={Role.REGISTRAR: [str(other.id)]})
    for granter, role in ((Role.ADMINISTRATOR, Role.REGISTRAR), (Role.SECURITY, Role.AUDITOR)):
        actor = overseer(session, granter, str(own.id))
        for unit in (str(other.id), TOWNSHIP, COUNTY):
            with pytest.raises((Denied, Invalid)):
                grants.give_role(session, actor, known.id, GrantRole(role=role, unit=unit))
        given = GrantRole(role=role, unit=str(own.id))
        with pytest.raises(Denied):
            grants.give_role(session, actor, stranger.id, given)
        grants.give_role(session, actor, known.id, given)
    held = {grant.role for grant in grants_of(session, known.id)}
    assert held == {Role.REGISTRAR, Role.AUDITOR}


def test_a_new_countys_administrator_comes_to_be(session: Session) -> None:
    """The city's security administrator appoints; the county's then looks after its own."""
    city = overseer(session, Role.SECURITY, CITY)
    person = make_account(session, name="县管理员", roles={Role.ANALYST: [COUNTY]})
    grants.give_role(session, city, person.id, GrantRole(role=Role.ADMINISTRATOR, unit=COUNTY))
    appointed = actor_for(session, person.id)
    there = make_account(session, roles={Role.ANALYST: [OTHER_COUNTY]})
    here = make_account(session, roles={Role.ANALYST: [TOWNSHIP]})
    listed = {row.id for row in list_accounts(session, appointed, AccountSearch()).items}
    assert here.id in listed and there.id not in listed
    with pytest.raises(Denied):
        get_account(session, appointed, there.id)
    with pytest.raises(Denied):
        administration.disable_account(session, appointed, there.id, AT_ONE)
    assert administration.disable_account(session, appointed, here.id, AT_ONE).disabled


def test_administrators_cannot_take_over_those_who_watch_them(session: Session) -> None:
    """A new password for the auditor would be a new auditor."""
    administrator = overseer(session, Role.ADMINISTRATOR, CITY)
    guard = overseer(session, Role.SECURITY, CITY)
    for role in (Role.SECURITY, Role.AUDITOR):
        watching = make_account(session, roles={role: [COUNTY]})
        with pytest.raises(Denied) as refused:
            administration.disable_account(session, administrator, watching.id, AT_ONE)
        assert refused.value.reason == "auth.guards-are-out-of-reach"
        with pytest.raises(Denied):
            administration.reset_password(session, administrator, watching.id, AT_ONE, PASSWORD)
        administration.reset_password(session, guard, watching.id, AT_ONE, PASSWORD)
    at_work = make_account(session, roles={Role.ANALYST: [COUNTY]})
    with pytest.raises(Denied):
        administration.reset_password(session, guard, at_work.id, AT_ONE, PASSWORD)


def test_auditors_change_nothing(session: Session) -> None:
    auditor = overseer(session, Role.AUDITOR, CITY)
    known = make_account(session, roles={Role.ANALYST: [COUNTY]})
    attempts: list[Callable[[], object]] = [
        lambda: administration.disable_account(session, auditor, known.id, AT_ONE),
        lambda: administration.end_sessions(session, auditor, known.id),
        lambda: get_account(session, auditor, known.id),
        lambda: list_accounts(session, auditor, AccountSearch()),
    ]
    for attempt in attempts:
        with pytest.raises(Denied):
            attempt()


def test_security_administrators_sign_anybody_out_within_their_units(session: Session) -> None:
    guard = overseer(session, Role.SECURITY, COUNTY)
    near = make_account(session, roles={Role.ANALYST: [TOWNSHIP]})
    far = make_account(session, roles={Role.ANALYST: [OTHER_COUNTY]})
    cookie, token = open_browser_session(session, near.id), make_token(session, near.id)
    administration.end_sessions(session, guard, near.id)
    assert actor_of_session(session, cookie) is None and actor_of_token(session, token) is None
    _, history = account_history(session, guard, near.id, PageQuery())
    assert history.items[0].changes == {"sessions_ended": [None, True]}
    with pytest.raises(Denied):
        administration.end_sessions(session, guard, far.id)
    with pytest.raises(Denied):
        administration.end_sessions(session, overseer(session, Role.ADMINISTRATOR, CITY), near.id)


def test_a_role_given_twice_is_held_once_and_ends_once(session: Session) -> None:
    actor = overseer(session, Role.ADMINISTRATOR, CITY)
    known = make_account(session, roles={Role.ANALYST: [COUNTY]})
    given = GrantRole(role=Role.ANALYST, unit=TOWNSHIP)
    for _ in range(2):
        grants.give_role(session, actor, known.id, given)
    _, history = account_history(session, actor, known.id, PageQuery())
    assert [entry.changes for entry in history.items] == [{"role_analyst": [None, "一镇"]}]
    for _ in range(2):
        left = grants.end_role(session, actor, known.id, EndRole(role=given.role, unit=TOWNSHIP))
    assert [grant.unit for grant in left.grants] == [COUNTY]
    _, history = account_history(session, actor, known.id, PageQuery())
    assert history.items[0].changes == {"role_analyst": ["一镇", None]}
    assert len(history.items) == 2


def test_a_role_counts_only_in_its_time(session: Session) -> None:
    actor = overseer(session, Role.ADMINISTRATOR, CITY)
    known = make_account(session)
    grant_role(session, known.id, Role.ANALYST, OTHER_COUNTY, "乙县")
    cookie, token = open_browser_session(session, known.id), make_token(session, known.id)
    first, last = clock.today() + 2 * DAY, clock.today() + 4 * DAY
    grants.give_role(
        session,
        actor,
        known.id,
        GrantRole(role=Role.ANALYST, unit=COUNTY, starts_on=first, ends_on=last),
    )
    begins, ends = clock.at(first, 0) - clock.now(), clock.at(last + DAY, 0) - clock.now()
    second = timedelta(seconds=1)
    for shift, counts in (
        (timedelta(), False),
        (begins - second, False),
        (begins + second, True),
        (ends - second, True),
        (ends + second, False),
    ):
        with clock.shifted(shift):
            seen = [
                actor_of_account(session, known.id),
                actor_of_session(session, cookie),
                (actor_of_token(session, token) or [None])[0],
            ]
            held = [COUNTY in each.units(Role.ANALYST) for each in seen if each]
            assert set(held) <= {counts}, shift
            assert held, shift
            listed = {grant.unit for grant in grants_of(session, known.id)}
            assert (COUNTY in listed) is counts, shift
    _, history = account_history(session, actor, known.id, PageQuery())
    assert history.items[0].changes == {"role_analyst": [None, f"甲县 {first}/{last}"]}


def test_a_role_to_come_is_seen_by_those_who_look_after_it(session: Session) -> None:
    actor = overseer(session, Role.ADMINISTRATOR, COUNTY)
    known = make_account(session)
    day = clock.today() + DAY
    add_grant(session, known.id, Role.ANALYST, TOWNSHIP, "一镇", period=(clock.at(day, 0), None))
    assert get_account(session, actor, known.id).grants[0].starts_at == clock.at(day, 0)
    search = AccountSearch(role=Role.ANALYST)
    assert [row.id for row in list_accounts(session, actor, search).items] == [known.id]
    ended = grants.end_role(session, actor, known.id, EndRole(role=Role.ANALYST, unit=TOWNSHIP))
    assert ended.grants == []
    with clock.shifted(2 * DAY):
        assert actor_for(session, known.id).grants == {}


@pytest.mark.parametrize(
    ("starts", "ends", "field"), [(-1, None, "starts_on"), (3, 2, "ends_on"), (None, -1, "ends_on")]
)
def test_a_period_lies_ahead(
    session: Session, starts: int | None, ends: int | None, field: str
) -> None:
    actor = overseer(session, Role.ADMINISTRATOR, CITY)
    known = make_account(session, roles={Role.ANALYST: [COUNTY]})
    today = clock.today()
    command = GrantRole(
        role=Role.ANALYST,
        unit=TOWNSHIP,
        starts_on=None if starts is None else today + starts * DAY,
        ends_on=None if ends is None else today + ends * DAY,
    )
    with pytest.raises(Invalid) as wrong:
        grants.give_role(session, actor, known.id, command)
    assert list(wrong.value.fields) == [field]


def test_another_period_of_the_same_role_waits_for_its_end(session: Session) -> None:
    actor = overseer(session, Role.ADMINISTRATOR, CITY)
    known = make_account(session, roles={Role.ANALYST: [OTHER_COUNTY]})
    until = clock.today() + 5 * DAY
    first = GrantRole(role=Role.ANALYST, unit=COUNTY, ends_on=until)
    for _ in range(2):
        grants.give_role(session, actor, known.id, first)
    with pytest.raises(Conflict) as meets:
        grants.give_role(session, actor, known.id, GrantRole(role=Role.ANALYST, unit=COUNTY))
    assert meets.value.code == "already_granted"
    after = GrantRole(role=Role.ANALYST, unit=COUNTY, starts_on=until + DAY)
    held = grants.give_role(session, actor, known.id, after).grants
    assert [grant.unit for grant in held].count(COUNTY) == 2
    with clock.shifted(7 * DAY):
        kept = grants_of(session, known.id)
        assert [grant.ends_at for grant in kept if grant.unit == COUNTY] == [None]


@pytest.mark.parametrize("first", DUTIES)
@pytest.mark.parametrize("second", DUTIES)
def test_one_person_has_one_duty_anywhere(session: Session, first: Role, second: Role) -> None:
    guard = overseer(session, Role.SECURITY, CITY)
    known = make_account(session, roles={first: [TOWNSHIP]})
    given = GrantRole(role=second, unit=OTHER_COUNTY)
    if first is second:
        assert len(grants.give_role(session, guard, known.id, given).grants) == 2
        return
    with pytest.raises(Conflict) as refused:
        grants.give_role(session, guard, known.id, given)
    assert refused.value.code == "separate_duties"
    assert "必须是不同的人" in str(refused.value.message)
    grants.end_role(session, guard, known.id, EndRole(role=first, unit=TOWNSHIP))
    with pytest.raises(Denied):  # of no unit of the city's any more, and yet nobody else's
        grants.give_role(session, overseer(session, Role.SECURITY, COUNTY), known.id, given)
    assert len(grants.give_role(session, guard, known.id, given).grants) == 1


def test_the_database_itself_keeps_the_duties_apart(session: Session) -> None:
    known = make_account(session, roles={Role.AUDITOR: [CITY]})

    def second(**period: object) -> None:
        with session.begin_nested():
            session.add(
                RoleGrant(
                    account_id=known.id, role="administrator", unit=COUNTY, unit_name="", **period
                )
            )

    with pytest.raises(IntegrityError, match="ex_auth_role_grant_duty"):
        second()
    end = clock.now() + DAY
    session.scalars(select(RoleGrant).where(RoleGrant.account_id == known.id)).one().ends_at = end
    session.flush()
    second(starts_at=end)  # one after the other is no conflict


def test_of_two_duties_given_at_once_one_is_held(committed_database: Engine) -> None:
    with transaction() as session:
        make_divisions(session)
        guard = overseer(session, Role.SECURITY, CITY)
        known = make_account(session, roles={Role.ANALYST: [COUNTY]})

    def give(role: Role) -> str:
        try:
            with transaction() as session:
                grants.give_role(session, guard, known.id, GrantRole(role=role, unit=COUNTY))
            return "given"
        except PortalError as error:
            return error.code

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(give, [*DUTIES, *DUTIES]))
    with transaction() as session:
        held = {grant.role for grant in grants_of(session, known.id)} & set(DUTIES)
    assert len(held) == 1
    assert outcomes.count("given") == 2 and outcomes.count("separate_duties") == 4


def test_a_revocation_binds_on_the_next_request(
    session: Session,
    client: FlaskClient,
    signed_in: Callable[[UUID], FlaskClient],
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    guard = overseer(session, Role.SECURITY, CITY)
    known = make_account(session, roles={Role.ADMINISTRATOR: [COUNTY]})
    browser, headers = signed_in(known.id), bearer(known.id)
    page, address = "/admin/accounts/", "/api/v1/auth/accounts"

    def answers() -> list[int]:
        return [
            browser.get(page).status_code,
            client.get(address, headers=headers).status_code,
        ]

    assert answers() == [200, 200]
    with transaction() as work:
        grants.end_role(work, guard, known.id, EndRole(role=Role.ADMINISTRATOR, unit=COUNTY))
    assert answers() == [403, 403]
