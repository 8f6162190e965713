"""Two administrators at once, and an institution closed and opened again, with its history."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import Staff
from tests.journeys.visitor import DESKTOP, Screen, Visitor

HOME = "总览"


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_of_two_changes_at_once_the_later_is_shown_the_earlier(
    visit: Visit, staff: Staff, screen: Screen
) -> None:
    """The later sees what the earlier changed, keeps what was typed, and decides."""
    one, other = visit(), visit()
    clinic = f"同改诊所{screen.width}"
    staff.sign_in(one, "demo-admin", HOME)
    staff.sign_in(other, "demo-admin", HOME)
    open_clinic(one, clinic, f"K{screen.width}")
    address = one.page.url.removeprefix(one.portal.url)
    for administrator in (one, other):
        administrator.go(f"{address}/edit", "修改机构")
    one.fill("地址", "和平路 1 号")
    one.press("保存")
    one.arrive(clinic)
    other.fill("地址", "和平路 2 号")
    other.press("保存")
    other.arrive("修改机构")
    other.see("刚被别人修改过", "现在是 和平路 1 号，您填写的是 和平路 2 号")
    expect(other.main.get_by_label("地址")).to_have_value("和平路 2 号")
    other.press("保存")
    other.arrive(clinic)
    other.see("已保存", "和平路 2 号")

    other.ask("停用机构", f"停用{clinic}")
    other.press("停用机构")
    other.see("机构已停用", "已停用")
    other.follow("变更记录", other.main)
    other.page.wait_for_url("**/history")
    other.see("和平路 1 号", "和平路 2 号", "停用")
    other.go("/admin/institutions/", "机构")
    search(other, clinic)
    other.see("没有找到")
    other.follow("已停用", other.main)
    other.page.wait_for_url("**state=disabled*")
    other.see(clinic)
    other.go(address, clinic)
    other.press("恢复使用")
    other.see("机构已恢复")


def open_clinic(admin: Visitor, name: str, code: str) -> None:
    """Register a clinic and arrive at its page."""
    admin.go("/admin/institutions/new", "登记机构")
    admin.fill("机构编码", code)
    admin.fill("名称", name)
    admin.fill("简称", name)
    admin.choose("所在区划", "港北区")
    admin.choose("机构类型", "普通诊所")
    admin.choose("办医性质", "民营")
    admin.press("保存")
    admin.arrive(name)


def search(admin: Visitor, text: str) -> None:
    """Search the list of institutions."""
    admin.fill("机构名称或编码", text)
    with admin.page.expect_navigation():
        admin.press("搜索")
    admin.arrive(re.compile("^机构$"))
