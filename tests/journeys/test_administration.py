"""Journey 6: an administrator builds an institution, its people and their rights."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import Staff, by_password, choose_password, set_up_factor
from tests.journeys.visitor import DESKTOP, Screen, Visitor

HOME = "总览"


def test_a_new_institution_with_people_and_rights(
    visit: Visit, staff: Staff, screen: Screen
) -> None:
    admin = visit()
    staff.sign_in(admin, "demo-admin", HOME)
    hospital = f"旅程医院{screen.width}"
    open_institution(admin, hospital, f"J{screen.width}")
    open_department(admin, hospital)
    register_doctor(admin, hospital)
    username = f"desk-{screen.width}"
    password = open_account(admin, hospital, username)

    desk = visit()
    by_password(desk, username, password)
    set_up_factor(desk)
    choose_password(desk, "窗口旁边摆着三大盆绿萝")
    desk.arrive(re.compile("预约$"))
    desk.see(hospital, "这一天还没有人预约")

    admin.tab("账号")
    admin.arrive("账号")
    find(admin, "姓名或登录名", username)
    admin.follow("窗口挂号员", admin.main)
    admin.arrive("窗口挂号员")
    admin.ask("停用账号", "停用窗口挂号员的账号")
    admin.press("停用账号")
    admin.see("已停用")
    admin.follow("变更记录", admin.main)
    admin.page.wait_for_url("**/history")
    admin.see("示例管理员 修改")
    desk.page.reload()
    desk.arrive("登录")


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_a_form_keeps_what_was_typed_and_says_what_is_wrong(visit: Visit, staff: Staff) -> None:
    admin = visit()
    staff.sign_in(admin, "demo-admin", HOME)
    admin.go("/admin/institutions/new", "登记机构")
    admin.fill("名称", "没写完的医院")
    admin.press("保存")
    admin.see("有些内容需要修改")
    expect(admin.main.get_by_label("名称", exact=True)).to_have_value("没写完的医院")


def open_institution(admin: Visitor, name: str, code: str) -> None:
    admin.tab("机构")
    admin.arrive("机构")
    admin.follow("登记机构")
    admin.arrive("登记机构")
    admin.fill("机构编码", code)
    admin.fill("名称", name)
    admin.fill("简称", name)
    admin.choose("所在区划", "港北区")
    admin.choose("机构类型", "综合医院")
    admin.choose("办医性质", "公立")
    admin.fill("床位", "120")
    admin.main.get_by_label("开放预约").check()
    admin.press("保存")
    admin.arrive(name)
    admin.see(code, "120")


def open_department(admin: Visitor, hospital: str) -> None:
    admin.follow("院内科室", admin.main)
    admin.page.wait_for_url("**/departments")
    admin.see("还没有科室")
    admin.follow("开设科室", admin.main)
    admin.arrive("开设科室")
    admin.choose("诊疗科目", "内科")
    admin.fill("名称", "内科")
    admin.fill("位置", "门诊楼 2 层")
    admin.press("保存")
    admin.arrive("内科")
    admin.follow(hospital, admin.main)
    admin.page.wait_for_url("**/departments")


def register_doctor(admin: Visitor, hospital: str) -> None:
    admin.follow(re.compile("^人员"), admin.main)
    admin.page.wait_for_url("**/staff")
    admin.follow("登记人员", admin.main)
    admin.arrive("登记人员")
    admin.fill("姓名", "韦旅程")
    admin.choose("专业", "医师")
    admin.fill("职称", "主治医师")
    admin.press("保存")
    admin.arrive("韦旅程")
    admin.follow("修改", admin.main)
    admin.arrive("修改人员")
    admin.fill("职称", "副主任医师")
    admin.press("保存")
    admin.arrive("韦旅程")
    admin.follow("变更记录", admin.main)
    admin.page.wait_for_url("**/history")
    admin.see("主治医师", "副主任医师")


def open_account(admin: Visitor, hospital: str, username: str) -> str:
    """A registrar of this hospital; gives the initial password, which is shown once."""
    admin.tab("账号")
    admin.arrive("账号")
    admin.follow("新建账号", admin.main)
    admin.arrive("新建账号")
    admin.follow("挂号员", admin.main)
    admin.page.wait_for_url("**role=registrar*")
    admin.arrive("新建账号")
    find(admin, "按名称缩小单位范围", hospital)
    admin.choose("第二步：选择单位", hospital)
    admin.fill("姓名", "窗口挂号员")
    admin.fill("登录名", username)
    admin.press("建立账号")
    admin.arrive("初始密码")
    password = admin.main.locator("[data-secret]").inner_text()
    admin.follow("已交给本人，继续")
    admin.arrive("窗口挂号员")
    admin.see("挂号员", hospital)
    return password


def find(admin: Visitor, label: str, text: str) -> None:
    """Search the list, and wait for what was found."""
    admin.fill(label, text)
    with admin.page.expect_navigation():
        admin.press("搜索")
