"""What a person may do, who may do a thing, and what a refusal says: pages and API."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from auth.queries.permissions import holders, permissions, permissions_of
from auth.schemas.permissions import HolderSearch
from auth.services.accounts import add_grant
from core import clock
from core.access import Actor, Role
from core.errors import Denied, NotFound
from tests.factories.auth import make_account, overseer
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    TOWNSHIP,
    make_divisions,
    make_institution,
    make_team,
)
from tests.factories.residents import make_resident

Browser = Callable[[UUID], FlaskClient]
Bearer = Callable[[UUID], dict[str, str]]
ALL = HolderSearch(limit=100)
DAY = timedelta(days=1)


@pytest.fixture
def guard(session: Session) -> Actor:
    """The security administrator of a county."""
    make_divisions(session)
    return overseer(session, Role.SECURITY, COUNTY, name="安全员")


def test_a_persons_page_says_what_and_why(session: Session, guard: Actor) -> None:
    hospital = make_institution(session, name="甲医院")
    known = make_account(session, roles={Role.REGISTRAR: [str(hospital.id)]})
    until = clock.now() + 9 * DAY
    add_grant(
        session, known.id, Role.ANALYST, COUNTY, "甲县", guard.account_id, (clock.now(), until)
    )
    found = permissions_of(session, guard, known.id)
    analyst, registrar = sorted(found.roles, key=lambda held: held.role)
    of_desk = {rule.policy: rule.actions for rule in registrar.rules}
    assert {"auth.desk", "appointments.plan", "appointments.day-desk"} < of_desk.keys()
    assert of_desk["appointments.desk"] == [
        "appointments:cancel-booking",
        "appointments:read-booking",
        "appointments:read-day-list",
    ]
    assert (analyst.ends_at, analyst.granted_by) == (until, "安全员")
    assert [rule.policy for rule in analyst.rules] == [
        "family_doctor.analysis",
        "gov_stats.analyst",
    ]
    assert "appointments.own" in {rule.policy for rule in found.own}


def test_what_only_a_division_may_is_not_said_of_an_institution(
    session: Session, guard: Actor
) -> None:
    """Opening institutions is for those responsible for a division."""
    hospital = make_institution(session)
    for unit, decides in ((str(hospital.id), False), (TOWNSHIP, True)):
        known = make_account(session, name=f"管理{unit}", roles={Role.ADMINISTRATOR: [unit]})
        held = permissions_of(session, guard, known.id).roles[0]
        policies = {rule.policy for rule in held.rules}
        assert "directory.change-own-units" in policies
        assert ("directory.decide-on-institutions" in policies) is decides
        listed = holders(session, guard, "directory:create-institution", ALL)[1].items
        assert (known.id in {holder.account_id for holder in listed}) is decides


def test_who_may_do_a_thing_within_ones_units(session: Session, guard: Actor) -> None:
    hospital = make_institution(session)
    here = make_account(session, name="乙", roles={Role.REGISTRAR: [str(hospital.id)]})
    make_account(session, name="丙", roles={Role.ANALYST: [COUNTY]})
    gone = make_account(session, name="丁", roles={Role.REGISTRAR: [str(hospital.id)]})
    gone.disabled_at = clock.now()
    later = make_account(session, name="戊")
    period = (clock.now() + DAY, None)
    add_grant(session, later.id, Role.REGISTRAR, str(hospital.id), "医院", period=period)
    make_account(session, name="己", roles={Role.REGISTRAR: [CITY]})
    make_account(session, name="庚", roles={Role.REGISTRAR: [OTHER_COUNTY]})
    permission, found, above = holders(session, guard, "appointments:read-day-list", ALL)
    assert permission.policies == ["appointments.desk"]
    assert [holder.account_id for holder in found.items] == [here.id]
    assert found.items[0].policies == ["appointments.desk"]
    assert above == 1
    for text, count in (("乙", 1), (here.username, 1), ("无此人", 0), ("%", 0)):
        search = HolderSearch(search=text)
        items = holders(session, guard, "appointments:read-day-list", search)[1].items
        assert len(items) == count, text
    with clock.shifted(2 * DAY):
        assert len(holders(session, guard, "appointments:read-day-list", ALL)[1].items) == 2


def test_holders_come_in_pages(session: Session, guard: Actor) -> None:
    for number in range(5):
        make_account(session, name=f"分析员{number}", roles={Role.ANALYST: [COUNTY]})
    seen: list[str] = []
    search = HolderSearch(limit=2)
    while True:
        page = holders(session, guard, "gov_stats:read", search)[1]
        seen += [holder.display_name for holder in page.items]
        if page.next_cursor is None:
            break
        search = search.model_copy(update={"cursor": page.next_cursor})
    assert seen == [f"分析员{number}" for number in range(5)]


def test_only_who_looks_after_people_sees_what_they_may_do(session: Session, guard: Actor) -> None:
    far = make_account(session, roles={Role.ANALYST: [OTHER_COUNTY]})
    near = make_account(session, roles={Role.ANALYST: [TOWNSHIP]})
    with pytest.raises(Denied):
        permissions_of(session, guard, far.id)
    with pytest.raises(NotFound):
        holders(session, guard, "auth:no-such-thing", ALL)
    assert permissions_of(session, overseer(session, Role.ADMINISTRATOR, COUNTY), near.id)
    for role in (Role.ANALYST, Role.AUDITOR):
        actor = overseer(session, role, CITY)
        for ask in (
            lambda a=actor: permissions_of(session, a, near.id),
            lambda a=actor: permissions(session, a),
            lambda a=actor: holders(session, a, "gov_stats:read", ALL),
        ):
            with pytest.raises(Denied):
                ask()


def test_the_pages_of_a_security_administrator(
    session: Session, guard: Actor, signed_in: Browser, count_statements: Callable[[], object]
) -> None:
    known = make_account(session, name="李分析", roles={Role.ANALYST: [COUNTY]})
    soon = (clock.now(), clock.now() + 9 * DAY)
    add_grant(session, known.id, Role.ADMINISTRATOR, COUNTY, "甲县", guard.account_id, soon)
    _, leader, _ = make_team(session)
    session.commit()
    browser = signed_in(guard.account_id)
    assert browser.get("/").headers["Location"] == "/admin/security/"
    for path, texts in (
        ("/admin/security/", ("30 天内到期的角色", "李分析", "还有 9 天")),
        ("/admin/permissions/", ("受理签约申请", "团队长可以受理")),
        ("/admin/permissions/?search=挂号员", ("查看机构的每日预约",)),
        ("/admin/permissions/family_doctor:decide", ("leader", "团队长")),
        ("/admin/permissions/appointments:join-queue", ("没有人因角色可以做这件事",)),
        (f"/admin/accounts/{known.id}/permissions", ("由安全员授予", "导出统计、查看统计")),
        (f"/admin/accounts/{known.id}", ("退出所有登录", "授予角色")),
        (f"/admin/accounts/{leader}/permissions", ("团队长",)),
    ):
        with count_statements() as counter:  # type: ignore[attr-defined]
            answer = browser.get(path)
        assert answer.status_code == 200, path
        assert len(counter) <= 8, (path, counter.statements)
        for text in texts:
            assert text in answer.text, (path, text)
    account = browser.get(f"/admin/accounts/{known.id}").text
    assert "停用账号" not in account and "重设密码" not in account
    assert "新建账号" not in browser.get("/admin/accounts/").text
    assert "挂号员可以查看本机构的预约" not in browser.get("/admin/permissions/?search=统计").text
    english = browser.get(f"/admin/accounts/{known.id}/permissions?lang=en").text
    assert "Analysts see and export the statistics" in english


def test_pages_grant_for_a_time_and_sign_out(
    session: Session, guard: Actor, signed_in: Browser
) -> None:
    known = make_account(session, roles={Role.ANALYST: [COUNTY]})
    session.commit()
    browser, theirs = signed_in(guard.account_id), signed_in(known.id)
    path = f"/admin/accounts/{known.id}"
    form = browser.get(f"{path}/roles?role=auditor").text
    assert "结束日期" in form and "挂号员" not in form
    last = clock.today() + 30 * DAY
    data = {"role": "auditor", "unit": COUNTY, "starts_on": "", "ends_on": last.isoformat()}
    wrong = browser.post(f"{path}/roles", data=data | {"ends_on": "2020-01-01"})
    assert wrong.status_code == 422 and "结束日期不能早于开始日期" in wrong.text
    given = browser.post(f"{path}/roles", data=data, follow_redirects=True)
    assert "角色已授予" in given.text and f"至 {last}" in given.text
    second = browser.post(f"{path}/roles", data=data | {"role": "administrator"})
    assert second.status_code == 409 and "此人已担任审计员" in second.text
    assert theirs.get("/statistics/").status_code == 200
    ended = browser.post(f"{path}/end-sessions", follow_redirects=True)
    assert "所有登录已立即退出" in ended.text
    assert theirs.get("/statistics/").status_code == 302


def test_the_api_says_who_may_what(
    client: FlaskClient, session: Session, guard: Actor, bearer: Bearer
) -> None:
    known = make_account(session, roles={Role.ANALYST: [COUNTY]})
    session.commit()
    headers = bearer(guard.account_id)
    address = f"/api/v1/auth/accounts/{known.id}"
    last = (clock.today() + DAY).isoformat()
    body = {"role": "auditor", "unit": COUNTY, "ends_on": last}
    given = client.post(f"{address}/grants", json=body, headers=headers)
    ends = {grant["role"]: grant["ends_at"] for grant in given.get_json()["grants"]}
    assert ends["analyst"] is None and ends["auditor"]
    other = client.post(f"{address}/grants", json=body | {"role": "security"}, headers=headers)
    assert (other.status_code, other.get_json()["code"]) == (409, "separate_duties")
    far = client.post(f"{address}/grants", json=body | {"ends_on": "9999-12-31"}, headers=headers)
    assert far.status_code == 422
    may = client.get(f"{address}/permissions", headers=headers).get_json()
    assert {held["role"] for held in may["roles"]} == {"analyst", "auditor"}
    listed = client.get("/api/v1/auth/permissions", headers=headers).get_json()["items"]
    assert {
        "action": "gov_stats:read",
        "policies": ["gov_stats.analyst", "gov_stats.administrator"],
        "roles": ["administrator", "analyst"],
    } in listed
    who = client.get("/api/v1/auth/permissions/gov_stats:read/holders", headers=headers).get_json()
    assert [holder["account_id"] for holder in who["items"]] == [str(known.id)]
    none = client.get("/api/v1/auth/permissions/no:thing/holders", headers=headers)
    assert none.status_code == 404
    theirs = bearer(known.id)
    assert client.post(f"{address}/end-sessions", headers=headers).status_code == 200
    assert client.get("/api/v1/auth/me", headers=theirs).status_code == 401


def test_a_refusal_says_why_and_who_can_help(
    client: FlaskClient, session: Session, guard: Actor, bearer: Bearer, signed_in: Browser
) -> None:
    stranger, person = make_resident(session)
    other, _ = make_resident(session)
    session.commit()
    path = f"/api/v1/service-packs/entitlements?person_id={person.id}"
    refused = client.get(path, headers=bearer(other.id) | {"Accept-Language": "zh"}).get_json()
    assert (refused["code"], refused["reason"]) == ("denied", "not_granted")
    assert refused["action"] == "service_packs:read-entitlements"
    assert refused["detail"] == (
        "您没有“查看可享受的服务”的权限。可由本单位或上级单位的管理员授予。"
    )
    english = client.get(path, headers=bearer(other.id) | {"Accept-Language": "en"}).get_json()
    assert english["detail"].endswith("in your unit or one above: Administrator.")
    roles = client.get("/api/v1/auth/accounts", headers=bearer(stranger.id)).get_json()
    assert roles["reason"] == "role_required" and "action" not in roles
    page = signed_in(stranger.id).get("/admin/accounts/")
    assert page.status_code == 403 and "这里供管理员、安全管理员使用" in page.text


def test_a_rule_is_told_only_to_whom_it_keeps_from_what_they_could_do(
    client: FlaskClient, session: Session, guard: Actor, bearer: Bearer
) -> None:
    """Else it would tell a neighbour that an account is a resident's, or an auditor's."""
    near = overseer(session, Role.ADMINISTRATOR, COUNTY)
    far = overseer(session, Role.ADMINISTRATOR, OTHER_COUNTY)
    auditor = make_account(session, roles={Role.AUDITOR: [COUNTY]})
    session.commit()
    path = f"/api/v1/auth/accounts/{auditor.id}/disable"
    reasons = [
        client.post(path, json={"version": 1}, headers=bearer(actor.account_id)).get_json()
        for actor in (near, far)
    ]
    assert [each["reason"] for each in reasons] == ["auth.guards-are-out-of-reach", "not_granted"]
    assert "审计员的账号不由管理员处理" in reasons[0]["detail"]
