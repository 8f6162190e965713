"""Roles have their time; one person has one duty in it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.models import RoleGrant
from auth.queries.accounts import account_history, get_account, list_accounts
from auth.queries.actors import actor_of_account, actor_of_session, actor_of_token
from auth.queries.factors import standing_of
from auth.queries.grants import grants_of
from auth.schemas import AccountSearch, EndRole, GrantRole
from auth.services import grants
from auth.services.accounts import add_grant, end_grants, grant_role
from core import clock
from core.access import Role
from core.database import transaction
from core.errors import Conflict, Denied, Invalid, PortalError
from core.ids import new_id
from core.paging import PageQuery
from core.roles import DUTIES
from residents.ports import IdentityVerifier, Verdict
from tests.factories.auth import (
    actor_for,
    make_account,
    make_phone,
    make_token,
    open_browser_session,
    overseer,
)
from tests.factories.directory import CITY, COUNTY, OTHER_COUNTY, TOWNSHIP, make_divisions
from tests.factories.residents import make_id_number
from tests.integration.auth.granting import divisions

__all__ = ["divisions"]
DAY = timedelta(days=1)


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


def test_one_human_has_one_duty_by_however_many_accounts(
    session: Session, signed_in: Callable[[UUID], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose an account is is seen on an identity card before it holds a duty."""
    monkeypatch.setattr(IdentityVerifier, "verify", lambda *_: Verdict.MATCH)
    guard = overseer(session, Role.SECURITY, CITY)
    keeper = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
    first, second = (
        make_account(session, name="黄一人", roles={Role.ANALYST: [COUNTY]}) for _ in range(2)
    )
    for account in (first, second):
        account.human_index = None
    session.flush()
    audits = GrantRole(role=Role.AUDITOR, unit=COUNTY)
    with pytest.raises(Invalid, match="human_unknown"):
        grants.give_role(session, guard, first.id, audits)
    browser, number = signed_in(keeper.id), make_id_number()
    card = {"name": "黄一人", "id_number": number}
    for account in (first, second):
        page = f"/admin/accounts/{account.id}"
        assert "还没有核对" in browser.get(page).text
        wrong = browser.post(f"{page}/identity", data=card | {"name": "别的人"})
        assert wrong.status_code == 422
        assert browser.post(f"{page}/identity", data=card).status_code == 303
        assert "已核对" in browser.get(page).text
        other = browser.post(f"{page}/identity", data=card | {"id_number": make_id_number()})
        assert other.status_code == 409
    session.expire_all()
    assert first.human_index and number.encode() not in first.human_index
    grants.give_role(session, guard, first.id, audits)
    with pytest.raises(Conflict, match="separate_duties"):
        grants.give_role(session, guard, second.id, GrantRole(role=Role.SECURITY, unit=COUNTY))
    # The same duty twice is one duty; and the database itself holds the others apart.
    grants.give_role(session, guard, second.id, audits)
    by_hand = RoleGrant(
        id=new_id(), account_id=second.id, human_index=second.human_index, unit_name="x",
        role=Role.ADMINISTRATOR, unit=OTHER_COUNTY,
    )  # fmt: skip
    session.execute(
        update(RoleGrant).where(RoleGrant.account_id == second.id).values(ended_at=clock.now())
    )
    session.add(by_hand)
    with pytest.raises(IntegrityError, match="ex_auth_role_grant_human"):
        session.flush()


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


def test_who_was_staff_once_signs_in_as_a_resident_does(session: Session) -> None:
    """From a day to come counts already: the second factor is set up before the role begins."""
    account = make_account(session, phone=make_phone())
    now = clock.now()
    for role, starts_at, staff in (
        (Role.ANALYST, now - 30 * DAY, False),
        (Role.REGISTRAR, now + DAY, True),
    ):
        add_grant(session, account.id, role, COUNTY, "县", period=(starts_at, starts_at + 29 * DAY))
        assert standing_of(session, account.id).staff is staff


def test_a_role_whose_time_is_over_is_not_ended_once_more(session: Session) -> None:
    account = make_account(session)
    then = clock.now() - 30 * DAY
    add_grant(session, account.id, Role.ANALYST, COUNTY, "县", period=(then, then + DAY))
    assert end_grants(session, [COUNTY], account_id=account.id) == 0
