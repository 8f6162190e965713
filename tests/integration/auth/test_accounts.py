"""Administrators open, change and close accounts within their units; nobody raises themself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from auth import passwords
from auth.models import Account, Notice, RoleGrant, SignInSession, Token
from auth.queries.accounts import account_history, get_account, list_accounts
from auth.queries.actors import actor_of_account, actor_of_session, actor_of_token
from auth.schemas import (
    AccountSearch,
    AccountState,
    AccountVersion,
    ChangeAccount,
    CreateAccount,
    EndRole,
    NoticeKind,
)
from auth.services import administration as services
from auth.services import grants
from auth.services.accounts import end_grants
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict, Denied, NotFound, PortalError
from core.ids import new_id
from core.models import AuditEvent
from core.paging import PageQuery
from tests.factories.auth import make_account, make_token, open_browser_session
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_divisions,
    make_institution,
    make_staff,
    make_team,
)
from tests.factories.residents import make_resident

PASSWORD = "an initial password"
AT_ONE = AccountVersion(version=1)


def administrator(session: Session, *units: str, name: str = "管理员甲") -> Actor:
    """One who administers these units."""
    make_divisions(session)
    account = make_account(session, name=name, roles={Role.ADMINISTRATOR: list(units)})
    actor = actor_of_account(session, account.id)
    assert actor is not None
    return actor


def new_account(unit: str, role: Role = Role.REGISTRAR) -> CreateAccount:
    """A command that is right."""
    return CreateAccount(username="li.ming", display_name="李明", role=role, unit=unit)


def test_an_account_is_opened_with_its_first_role(session: Session) -> None:
    institution = make_institution(session, name="甲医院")
    actor = administrator(session, str(institution.id))
    made = services.create_staff_account(session, actor, new_account(str(institution.id)), PASSWORD)
    assert [(grant.role, grant.unit_name) for grant in made.grants] == [(Role.REGISTRAR, "甲医院")]
    row = session.get_one(Account, made.id)
    assert row.password_hash and PASSWORD not in row.password_hash
    assert passwords.matches(row.password_hash, PASSWORD)
    _, history = account_history(session, actor, made.id, PageQuery())
    assert [entry.changes for entry in history.items] == [
        {"role_registrar": [None, "甲医院"]},
        {"username": [None, "li.ming"], "display_name": [None, "李明"]},
    ]
    with pytest.raises(Conflict) as taken:
        services.create_staff_account(session, actor, new_account(str(institution.id)), PASSWORD)
    assert taken.value.code == "username_taken" and "username" in taken.value.fields


def test_disabling_ends_sessions_and_tokens_with_it(session: Session) -> None:
    actor = administrator(session, COUNTY)
    known = make_account(session, roles={Role.ANALYST: [COUNTY]})
    cookie, token = open_browser_session(session, known.id), make_token(session, known.id)
    session.flush()
    assert actor_of_session(session, cookie) and actor_of_token(session, token)
    disabled = services.disable_account(session, actor, known.id, AT_ONE)
    assert disabled.disabled and disabled.version == 2
    assert actor_of_session(session, cookie) is None and actor_of_token(session, token) is None
    for table in (SignInSession, Token):
        live = select(func.count()).where(table.account_id == known.id, table.ended_at.is_(None))
        assert session.scalar(live) == 0
    enabled = services.enable_account(session, actor, known.id, AccountVersion(version=2))
    assert not enabled.disabled
    assert actor_of_session(session, cookie) is None, "an ended session stays ended"


def test_a_refused_disabling_leaves_everything_as_it_was(session: Session) -> None:
    with transaction() as work:
        actor = administrator(work, COUNTY)
        known = make_account(work, roles={Role.ANALYST: [OTHER_COUNTY]})
        cookie = open_browser_session(work, known.id)
    with pytest.raises(Denied), transaction() as work:
        services.disable_account(work, actor, known.id, AT_ONE)
    assert actor_of_session(session, cookie) is not None
    denied = select(AuditEvent.outcome).where(
        AuditEvent.action == "auth:disable-account", AuditEvent.resource_id == str(known.id)
    )
    assert session.scalars(denied).all() == ["denied"]


def test_who_also_serves_elsewhere_is_seen_but_not_changed(session: Session) -> None:
    """A county's administrator must not close or take over the account of the city's."""
    institution = make_institution(session)
    above = make_account(
        session,
        username="boss",
        roles={Role.ADMINISTRATOR: [CITY], Role.REGISTRAR: [str(institution.id)]},
    )
    actor = administrator(session, COUNTY)
    assert get_account(session, actor, above.id).id == above.id
    attempts: list[Callable[[], object]] = [
        lambda: services.disable_account(session, actor, above.id, AT_ONE),
        lambda: services.reset_password(session, actor, above.id, AT_ONE, PASSWORD),
        lambda: services.change_account(
            session, actor, above.id, ChangeAccount(version=1, username="mine")
        ),
        lambda: grants.end_role(
            session, actor, above.id, EndRole(role=Role.ADMINISTRATOR, unit=CITY)
        ),
    ]
    for attempt in attempts:
        with pytest.raises(Denied):
            attempt()
    kept = grants.end_role(
        session, actor, above.id, EndRole(role=Role.REGISTRAR, unit=str(institution.id))
    )
    assert [grant.role for grant in kept.grants] == [Role.ADMINISTRATOR]
    with pytest.raises(Denied):
        get_account(session, actor, above.id)


def test_lists_and_the_policy_agree_on_who_is_seen(session: Session) -> None:
    here = make_institution(session)
    there = make_institution(session, division_code=OTHER_TOWNSHIP)
    _, leader, nurse = make_team(session, here)
    make_team(session, there)
    idle = make_account(session, name="无角色")
    make_staff(session, here, account_id=idle.id)
    make_account(session, roles={Role.REGISTRAR: [str(there.id)]})
    registrar = make_account(session, roles={Role.REGISTRAR: [str(here.id)]})
    resident, _ = make_resident(session)
    left = make_account(session, roles={Role.ANALYST: [COUNTY]})
    ended = select(RoleGrant).where(RoleGrant.account_id == left.id)
    session.scalars(ended).one().ended_at = left.created_at
    session.flush()
    everybody = session.scalars(select(Account.id)).all()
    for scope in (CITY, COUNTY, OTHER_COUNTY, TOWNSHIP, str(here.id), str(there.id)):
        actor = administrator(session, scope, name=f"管理员{scope}")
        listed = {item.id for item in list_accounts(session, actor, AccountSearch(limit=100)).items}
        seen = {key for key in everybody if _sees(session, actor, key)}
        assert listed & set(everybody) == seen, scope
        assert resident.id not in listed
    at_one = administrator(session, str(here.id))
    listed = {item.id for item in list_accounts(session, at_one, AccountSearch()).items}
    assert {leader, nurse, idle.id, registrar.id} <= listed
    assert left.id not in listed
    found = list_accounts(session, at_one, AccountSearch(idle=True)).items
    assert [item.id for item in found] == [idle.id]
    county = administrator(session, COUNTY)
    assert left.id in {
        item.id for item in list_accounts(session, county, AccountSearch(idle=True)).items
    }


def test_who_moved_is_looked_after_where_they_work_now(session: Session) -> None:
    there = make_institution(session, division_code=OTHER_TOWNSHIP)
    moved = make_account(session, roles={Role.ANALYST: [COUNTY]})
    end_grants(session, [COUNTY], account_id=moved.id)
    before, after = administrator(session, COUNTY), administrator(session, str(there.id))

    def listed(actor: Actor) -> bool:
        found = list_accounts(session, actor, AccountSearch()).items
        assert _sees(session, actor, moved.id) is (moved.id in {row.id for row in found})
        return _sees(session, actor, moved.id)

    assert listed(before) and not listed(after)
    make_staff(session, there, account_id=moved.id)
    assert listed(after) and not listed(before)


def _sees(session: Session, actor: Actor, account_id: UUID) -> bool:
    try:
        get_account(session, actor, account_id)
    except Denied:
        return False
    return True


def test_lists_are_searched_by_name_role_and_state(session: Session) -> None:
    actor = administrator(session, COUNTY)
    for number in range(3):
        make_account(session, name=f"分析员{number}", username=f"analyst-{number}",
                     roles={Role.ANALYST: [COUNTY]})  # fmt: skip
    search = AccountSearch(role=Role.ANALYST, limit=2)
    first = list_accounts(session, actor, search)
    assert len(first.items) == 2 and first.next_cursor
    second = list_accounts(session, actor, search.model_copy(update={"cursor": first.next_cursor}))
    assert [item.display_name for item in second.items] == ["分析员2"]
    services.disable_account(session, actor, first.items[0].id, AT_ONE)
    for search, count in (
        (AccountSearch(role=Role.ANALYST), 2),
        (AccountSearch(role=Role.ANALYST, state=AccountState.DISABLED), 1),
        (AccountSearch(role=Role.ANALYST, state=AccountState.ALL), 3),
        (AccountSearch(search="analyst-2"), 1),
        (AccountSearch(search="%"), 0),
    ):
        assert len(list_accounts(session, actor, search).items) == count


def test_a_resident_keeps_the_password_to_themself(session: Session) -> None:
    account, _ = make_resident(session)
    staff = make_institution(session)
    make_staff(session, staff, account_id=account.id)
    account.username = "also-a-nurse"
    session.flush()
    actor = administrator(session, COUNTY)
    with pytest.raises(Denied):
        services.reset_password(session, actor, account.id, AT_ONE, PASSWORD)


def test_a_new_password_ends_the_sessions_of_the_old(session: Session) -> None:
    actor = administrator(session, COUNTY)
    known = make_account(session, roles={Role.ANALYST: [COUNTY]})
    cookie = open_browser_session(session, known.id)
    services.reset_password(session, actor, known.id, AT_ONE, PASSWORD)
    assert actor_of_session(session, cookie) is None
    session.refresh(known)
    assert passwords.matches(known.password_hash, PASSWORD)
    assert session.scalars(select(Notice.kind)).all() == [NoticeKind.PASSWORD_RESET]
    _, history = account_history(session, actor, known.id, PageQuery())
    assert history.items[0].changes == {"initial_password": [None, True]}


def test_names_change_on_the_version_that_was_read(session: Session) -> None:
    actor = administrator(session, COUNTY)
    known = make_account(session, name="旧名", username="old", roles={Role.ANALYST: [COUNTY]})
    make_account(session, username="taken")
    rename = ChangeAccount(version=1, display_name="新名")
    assert services.change_account(session, actor, known.id, rename).display_name == "新名"
    with pytest.raises(Conflict) as stale:
        services.change_account(session, actor, known.id, rename)
    assert stale.value.code == "stale_version"
    with pytest.raises(Conflict) as taken:
        services.change_account(
            session, actor, known.id, ChangeAccount(version=2, username="taken")
        )
    assert taken.value.code == "username_taken"
    with pytest.raises(NotFound):
        services.change_account(session, actor, new_id(), rename)


def test_of_two_administrators_at_once_one_wins(committed_database: Engine) -> None:
    with transaction() as session:
        actor = administrator(session, COUNTY)
        known = make_account(session, roles={Role.ANALYST: [COUNTY]})

    def rename(number: int) -> str:
        try:
            with transaction() as session:
                services.change_account(
                    session, actor, known.id, ChangeAccount(version=1, display_name=f"名{number}")
                )
            return "changed"
        except PortalError as error:
            return error.code

    with ThreadPoolExecutor(6) as pool:
        outcomes = sorted(pool.map(rename, range(6)))
    assert outcomes == ["changed"] + ["stale_version"] * 5
