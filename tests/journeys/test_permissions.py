"""A county gets its administrator for a year: one opens the account, another gives the right."""

from datetime import date, timedelta

import pytest

from core import clock
from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff, by_password, choose_password, set_up_factor
from tests.journeys.visitor import DESKTOP, Screen, Visitor

HOME = "总览"
COUNTY = "港北区"


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_a_county_gets_an_administrator_until_a_day(
    visit: Visit, staff: Staff, newcomers: Newcomers, screen: Screen
) -> None:
    name, username = f"县里的人{screen.width}", f"county-{screen.width}"
    admin, guard = visit(), visit()
    staff.sign_in(admin, "demo-admin", HOME)
    password = open_account(admin, name, username)
    see_identity(admin, name, username, newcomers.new().id_number)

    staff.sign_in(guard, "demo-security", HOME)
    guard.tab("账号")
    guard.arrive("账号")
    guard.miss("新建账号")
    guard.fill("姓名或登录名", username)
    guard.press("搜索")
    guard.follow(name, guard.main)
    guard.arrive(name)
    address = guard.page.url
    last = clock.today() + timedelta(days=20)
    appoint(guard, name, last)
    guard.see("角色已授予", f"至 {last}")
    guard.follow("可以做什么", guard.main)
    guard.page.wait_for_url("**/permissions")
    guard.arrive(name)
    guard.see("由示例安全管理员授予", "区划的管理员决定机构的设立和停用", "新建机构")

    appointed = visit()
    by_password(appointed, username, password)
    set_up_factor(appointed)
    choose_password(appointed, "窗口旁边摆着三大盆绿萝")
    appointed.arrive(HOME)
    appointed.tab("权限")
    appointed.arrive("权限")
    appointed.fill("例如：查看预约、管理员", "新建机构")
    appointed.press("搜索")
    appointed.follow("新建机构", appointed.main)
    appointed.arrive("新建机构")
    appointed.see(name, "上级单位另有")

    guard.go(address, name)
    guard.ask("收回", f"收回{name}在{COUNTY}的角色")
    guard.press("收回")
    guard.see("角色已收回")
    guard.tab(HOME)
    guard.arrive(HOME)
    guard.see(name, "管理员角色")
    appointed.go("/admin/", "没有权限")
    appointed.see("可由本单位或上级单位的安全管理员授予")


def open_account(admin: Visitor, name: str, username: str) -> str:
    """An analyst of the county; gives the initial password."""
    admin.go("/admin/accounts/new?role=analyst", "新建账号")
    admin.miss("安全管理员", "审计员")
    admin.choose("第二步：选择单位", COUNTY)
    admin.fill("姓名", name)
    admin.fill("登录名", username)
    admin.press("建立账号")
    admin.arrive("初始密码")
    return admin.main.locator("[data-secret]").inner_text()


def see_identity(admin: Visitor, name: str, username: str, id_number: str) -> None:
    """Somebody who is to have a duty shows whom the account is of."""
    admin.tab("账号")
    admin.arrive("账号")
    admin.fill("姓名或登录名", username)
    admin.press("搜索")
    admin.follow(name, admin.main)
    admin.arrive(name)
    admin.follow("核对身份", admin.main)
    admin.arrive("核对身份")
    admin.fill("身份证上的姓名", name)
    admin.fill("身份证号", id_number)
    admin.press("核对")
    admin.arrive(name)
    admin.see("已核对")


def appoint(guard: Visitor, name: str, last: date) -> None:
    """Make somebody the county's administrator until a day."""
    guard.follow("授予角色", guard.main)
    guard.arrive("授予角色")
    guard.main.get_by_role("link", name="管理员", exact=True).click()
    guard.page.wait_for_url("**role=administrator*")
    guard.arrive("授予角色")
    guard.choose("第二步：选择单位", COUNTY)
    guard.fill("结束日期", last.isoformat())
    guard.press("授予")
    guard.arrive(name)
