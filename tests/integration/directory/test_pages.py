"""Administrators' pages: they render in both languages, keep what was typed, and stay cheap."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account
from core.access import Role
from directory.models import Department, Institution, Staff, Team
from tests.factories.auth import make_account
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_department,
    make_institution,
    make_staff,
    make_team,
)

SignedIn = Callable[[UUID], FlaskClient]
MOST_STATEMENTS = 8


class Region:
    """One institution with a bit of everything, and a browser of its county's administrator."""

    def __init__(self, session: Session, signed_in: SignedIn) -> None:
        self.institution = make_institution(session, name="甲县人民医院")
        self.department = make_department(session, self.institution, name="心内科")
        self.staff = make_staff(
            session, self.institution, department=self.department, name="覃大夫"
        )
        self.team, self.leader, self.nurse = make_team(session, self.institution)
        self.account = make_account(
            session, name="甲县管理员", roles={Role.ADMINISTRATOR: [COUNTY]}
        )
        self.browser = signed_in(self.account.id)


@pytest.fixture
def region(session: Session, signed_in: SignedIn) -> Region:
    """See Region."""
    return Region(session, signed_in)


def pages_of(region: Region) -> list[str]:
    """Every page an administrator reads."""
    institution = f"/admin/institutions/{region.institution.id}"
    department = f"/admin/departments/{region.department.id}"
    person = f"/admin/staff/{region.staff.id}"
    team = f"/admin/teams/{region.team.id}"
    account = f"/admin/accounts/{region.leader}"
    return [
        "/admin/",
        "/admin/institutions/",
        f"/admin/institutions/?search=人民&division={COUNTY}&bookable=true",
        "/admin/institutions/new",
        institution,
        *(f"{institution}/{tab}" for tab in ("departments", "staff", "teams", "history", "edit")),
        "/admin/departments/",
        "/admin/departments/new",
        department,
        *(f"{department}/{tab}" for tab in ("history", "edit")),
        "/admin/staff/",
        "/admin/staff/?state=disabled",
        f"/admin/staff/new?institution_id={region.institution.id}",
        person,
        *(f"{person}/{tab}" for tab in ("history", "edit")),
        "/admin/teams/",
        "/admin/teams/?without=nurse",
        f"/admin/teams/new?institution_id={region.institution.id}",
        team,
        *(f"{team}/{tab}" for tab in ("history", "edit")),
        "/admin/accounts/",
        "/admin/accounts/?role=leader&idle=true",
        "/admin/accounts/new",
        "/admin/accounts/new?role=registrar",
        account,
        *(f"{account}/{tab}" for tab in ("history", "edit", "roles", "roles?role=analyst")),
        f"/institutions/{region.institution.id}",
    ]


def test_every_page_renders_in_both_languages_with_few_statements(
    region: Region, count_statements: Any
) -> None:
    for path in pages_of(region):
        for language in ("zh", "en"):
            address = f"{path}{'&' if '?' in path else '?'}lang={language}"
            with count_statements() as counted:
                answer = region.browser.get(address)
            assert answer.status_code == 200, address
            assert len(counted) <= MOST_STATEMENTS, (address, counted.statements)
            page = answer.get_data(as_text=True)
            assert 'style="' not in page


def test_a_long_list_costs_no_more_statements(
    session: Session, region: Region, count_statements: Any
) -> None:
    for _ in range(25):
        make_team(session, region.institution)
    for path in ("institutions", "departments", "staff", "teams", "accounts"):
        with count_statements() as counted:
            answer = region.browser.get(f"/admin/{path}/")
        assert answer.status_code == 200
        assert len(counted) <= MOST_STATEMENTS, (path, counted.statements)
    page = region.browser.get("/admin/teams/").get_data(as_text=True)
    assert "下一页" in page


def test_a_search_keeps_the_filters_and_one_in_vain_offers_all(region: Region) -> None:
    for path, kept in (
        ("institutions", f"division={COUNTY}&bookable=true"),
        ("departments", f"institution_id={region.institution.id}"),
        ("staff", f"institution_id={region.institution.id}"),
        ("teams", "without=nurse"),
        ("accounts", "role=leader&idle=true"),
        ("permissions", ""),
    ):
        page = region.browser.get(f"/admin/{path}/?search=无此名&{kept}").get_data(as_text=True)
        assert "没有找到“无此名”" in page, path
        [whole] = re.findall(r'class="btn btn-primary" href="([^"]+)">看全部<', page)
        assert all(part in whole for part in kept.split("&")) and "search" not in whole, path
        box = page[page.index('role="search"') :]
        for name in filter(None, (part.split("=")[0] for part in kept.split("&"))):
            assert f'type="hidden" name="{name}"' in box[: box.index("</form>")], (path, name)


def test_the_home_counts_and_says_what_needs_attention(region: Region, session: Session) -> None:
    page = region.browser.get("/admin/").get_data(as_text=True)
    assert "都安排好了" in page
    make_institution(session)
    page = region.browser.get("/admin/").get_data(as_text=True)
    assert "开放预约却没有科室的机构" in page


def test_strangers_are_sent_to_sign_in_and_others_are_refused(
    client: FlaskClient, session: Session, signed_in: SignedIn
) -> None:
    assert client.get("/admin/").status_code == 302
    registrar = make_account(session, roles={Role.REGISTRAR: [COUNTY]})
    browser = signed_in(registrar.id)
    for path in ("/admin/", "/admin/institutions/", "/admin/accounts/"):
        assert browser.get(path).status_code == 403


def test_nothing_elsewhere_is_shown_or_changed(session: Session, region: Region) -> None:
    elsewhere = make_institution(session, division_code=OTHER_TOWNSHIP, name="乙县医院")
    department = make_department(session, elsewhere)
    team, leader, _ = make_team(session, elsewhere)
    person = session.scalars(select(Staff).where(Staff.account_id == leader)).one()
    for path in (
        f"/admin/institutions/{elsewhere.id}",
        f"/admin/departments/{department.id}",
        f"/admin/staff/{person.id}",
        f"/admin/teams/{team.id}",
    ):
        assert region.browser.get(path).status_code == 404
        assert region.browser.post(f"{path}/disable", data={"version": "1"}).status_code == 403
    assert region.browser.get(f"/admin/accounts/{leader}").status_code == 403
    assert region.browser.get(f"/admin/teams/{team.id}/history").status_code == 404
    listed = region.browser.get("/admin/institutions/").get_data(as_text=True)
    assert "甲县人民医院" in listed and "乙县医院" not in listed


def test_each_level_sees_its_own_alone(
    session: Session, signed_in: SignedIn, region: Region
) -> None:
    """City, county and institution: whoever is above sees what is below, and nobody sideways."""
    neighbour = make_institution(session, name="邻家卫生院")
    elsewhere = make_institution(session, division_code=OTHER_TOWNSHIP, name="乙县医院")
    places = {region.institution: "覃大夫", neighbour: "邻大夫", elsewhere: "乙大夫"}
    people = {place: make_staff(session, place, name=name).id for place, name in places.items()}
    for unit, own in (
        (CITY, {region.institution, neighbour, elsewhere}),
        (COUNTY, {region.institution, neighbour}),
        (str(region.institution.id), {region.institution}),
    ):
        admin = make_account(session, name="管理者", roles={Role.ADMINISTRATOR: [unit]})
        browser = signed_in(admin.id)
        institutions, staff = (
            browser.get(f"/admin/{kind}/").text for kind in ("institutions", "staff")
        )
        for place, name in places.items():
            assert (place.name in institutions) == (place in own), (unit, place.name)
            assert (f"/admin/staff/{people[place]}" in staff) == (place in own), (unit, name)
            may = browser.get(f"/admin/staff/{people[place]}/edit").status_code
            assert may == (200 if place in own else 404), (unit, name)
    assert f"/admin/accounts/{region.leader}" in browser.get("/admin/accounts/").text
    _, others, _ = make_team(session, neighbour)
    assert f"/admin/accounts/{others}" not in browser.get("/admin/accounts/").text


def test_an_institution_is_registered_by_the_form(session: Session, region: Region) -> None:
    data = {
        "code": "990102-A100-09",
        "name": "甲县中医医院",
        "short_name": "县中医院",
        "type_code": "A210",
        "ownership": "public",
        "division_code": TOWNSHIP,
        "beds": "80",
    }
    wrong = region.browser.post("/admin/institutions/new", data=data | {"beds": "许多"})
    assert wrong.status_code == 422
    page = wrong.get_data(as_text=True)
    assert "甲县中医医院" in page and "请填写整数" in page
    made = region.browser.post("/admin/institutions/new", data=data, follow_redirects=True)
    assert "已登记甲县中医医院" in made.get_data(as_text=True)
    row = session.scalars(select(Institution).where(Institution.code == "990102-A100-09")).one()
    assert (row.beds, row.bookable) == (80, False)
    again = region.browser.post("/admin/institutions/new", data=data)
    assert again.status_code == 409 and "已登记，请核对" in again.get_data(as_text=True)


def test_a_double_click_registers_once(session: Session, region: Region) -> None:
    data = {"institution_id": region.institution.id, "name": "双击", "profession": "nurse",
            "_once": "the same key"}  # fmt: skip
    first = region.browser.post("/admin/staff/new", data=data)
    second = region.browser.post("/admin/staff/new", data=data)
    assert first.status_code == second.status_code == 302
    assert first.location == second.location
    assert len(session.scalars(select(Staff).where(Staff.name == "双击")).all()) == 1


def test_a_stale_form_shows_the_current_state_and_keeps_what_was_typed(
    session: Session, region: Region
) -> None:
    path = f"/admin/departments/{region.department.id}/edit"
    mine = {"version": "1", "specialty_code": "03", "name": "心血管内科", "location": "三楼"}
    theirs = mine | {"name": "心脏科", "location": "五楼"}
    assert region.browser.post(path, data=theirs).status_code == 302
    stale = region.browser.post(path, data=mine)
    assert stale.status_code == 409
    page = stale.get_data(as_text=True)
    assert "现在是 心脏科，您填写的是 心血管内科" in page
    assert 'value="心血管内科"' in page and 'name="version" value="2"' in page
    assert region.browser.post(path, data=mine | {"version": "2"}).status_code == 302
    session.expire_all()
    assert session.get_one(Department, region.department.id).name == "心血管内科"
    history = region.browser.get(f"/admin/departments/{region.department.id}/history")
    text = history.get_data(as_text=True)
    assert "甲县管理员 修改" in text and "心脏科" in text and "五楼" in text


def test_emptied_fields_are_emptied(session: Session, region: Region) -> None:
    path = f"/admin/staff/{region.staff.id}/edit"
    data = {"version": "1", "name": "覃大夫", "profession": "doctor", "title": "",
            "introduction": "", "department_id": ""}  # fmt: skip
    assert region.browser.post(path, data=data).status_code == 302
    session.expire_all()
    row = session.get_one(Staff, region.staff.id)
    assert (row.title, row.department_id) == ("", None)


def test_disabling_asks_tells_and_can_be_undone(session: Session, region: Region) -> None:
    path = f"/admin/institutions/{region.institution.id}"
    page = region.browser.get(path).get_data(as_text=True)
    assert "1 个科室、1 个团队和 3 名人员会一并停用" in page
    refused = region.browser.post(f"{path}/disable", data={"version": "1"}, follow_redirects=True)
    assert "请先停用它们" in refused.get_data(as_text=True)
    done = region.browser.post(
        f"{path}/disable", data={"version": "1", "cascade": "true"}, follow_redirects=True
    )
    assert "机构已停用" in done.get_data(as_text=True)
    assert region.browser.get(f"/institutions/{region.institution.id}").status_code == 404
    back = region.browser.post(f"{path}/enable", data={"version": "2"}, follow_redirects=True)
    assert "机构已恢复" in back.get_data(as_text=True)
    session.expire_all()
    assert session.get_one(Team, region.team.id).disabled


def test_the_roster_is_kept_on_the_teams_page(session: Session, region: Region) -> None:
    path = f"/admin/teams/{region.team.id}"
    joined = region.browser.post(
        f"{path}/members",
        data={"version": "1", "staff_id": str(region.staff.id), "duty": "public_health"},
        follow_redirects=True,
    )
    assert "名单已更新" in joined.get_data(as_text=True)
    left = region.browser.post(
        f"{path}/members/{region.staff.id}/remove", data={"version": "2"}, follow_redirects=True
    )
    assert "已移出团队" in left.get_data(as_text=True)
    stale = region.browser.post(
        f"{path}/members",
        data={"version": "1", "staff_id": str(region.staff.id), "duty": "nurse"},
    )
    assert stale.status_code == 409
    unknown = region.browser.post(f"{path}/members", data={"version": "3", "duty": "king"})
    assert unknown.status_code == 422


def test_the_initial_password_of_staff_is_shown_once(session: Session, region: Region) -> None:
    path = f"/admin/staff/{region.staff.id}/account"
    bad = region.browser.post(path, data={"username": "覃 大夫"})
    assert bad.status_code == 422
    data = {"username": "dr-qin", "_once": "only once"}
    shown = region.browser.post(path, data=data).get_data(as_text=True)
    assert "data-secret" in shown and "dr-qin" in shown
    again = region.browser.post(path, data=data).get_data(as_text=True)
    assert "data-secret" not in again and "刚才已经显示过" in again
    account = session.scalars(select(Account).where(Account.username == "dr-qin")).one()
    assert account.password_hash is not None


def test_everybody_reads_the_page_of_an_institution(client: FlaskClient, session: Session) -> None:
    row = make_institution(session, name="乡镇卫生院甲", type_code="C220", example=True)
    make_department(session, row, name="全科门诊")
    page = client.get(f"/institutions/{row.id}").get_data(as_text=True)
    assert "乡镇卫生院甲" in page and "全科门诊" in page and "示例" in page
    english = client.get(f"/institutions/{row.id}?lang=en").get_data(as_text=True)
    assert "Township health centre" in english
