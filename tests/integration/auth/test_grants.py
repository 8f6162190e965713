"""Roles: who gives which and where; three duties stay with three people."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from auth.queries.accounts import account_history, get_account, list_accounts
from auth.queries.actors import actor_of_session, actor_of_token
from auth.queries.grants import grants_of
from auth.schemas import AccountSearch, AccountVersion, EndRole, GrantRole
from auth.services import administration, grants
from core.access import Role
from core.database import transaction
from core.errors import Denied, Invalid
from core.ids import new_id
from core.paging import PageQuery
from core.roles import DUTIES
from tests.factories.auth import actor_for, make_account, make_token, open_browser_session, overseer
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_institution,
    make_team,
)
from tests.integration.auth.granting import divisions

__all__ = ["divisions"]
AT_ONE = AccountVersion(version=1)
PASSWORD = "an initial password"


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
