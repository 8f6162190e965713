"""Journey 1: everybody comes through one door and finds their own home behind it."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import (
    Newcomers,
    Staff,
    by_code,
    by_password,
    sign_out,
    sms_code,
    switch_role,
    verify,
)
from tests.journeys.visitor import DESKTOP, PHONE

TOWNSHIP = "港城街道"


def test_a_resident_signs_in_by_sms_and_proves_who_they_are(
    visit: Visit, newcomers: Newcomers
) -> None:
    resident = visit()
    somebody = newcomers.new()
    resident.go("/", "登录")
    resident.fill("手机号", "12")
    resident.press("获取验证码")
    resident.see("格式不对")
    by_code(resident, somebody.phone)
    resident.arrive("您好")
    resident.follow("去认证", resident.main)
    resident.arrive("实名认证")
    wrong = somebody.id_number[:17] + ("1" if somebody.id_number[17] != "1" else "2")
    resident.fill("姓名", somebody.name)
    resident.fill("身份证号", wrong)
    resident.choose("居住的乡镇或街道", TOWNSHIP)
    resident.press("提交核对")
    resident.see("最后一位对不上")
    expect(resident.main.get_by_label("姓名")).to_have_value(somebody.name)
    verify(resident, somebody, TOWNSHIP)
    resident.arrive(f"您好，{somebody.name}")
    resident.see("实名认证已完成")
    resident.tab("我的")
    resident.arrive("我的")
    resident.see(somebody.name, "已实名")
    resident.miss(somebody.id_number, somebody.phone)


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_wrong_code_is_refused_and_another_try_is_left(
    visit: Visit, newcomers: Newcomers
) -> None:
    resident = visit()
    somebody = newcomers.new()
    resident.go("/auth/sign-in", "登录")
    resident.fill("手机号", somebody.phone)
    resident.press("获取验证码")
    resident.arrive("输入验证码")
    code = sms_code(resident, somebody.phone)
    resident.fill("验证码", f"{(int(code) + 1) % 1_000_000:06d}")
    resident.press("登录")
    resident.see("验证码不对或已失效")
    resident.fill("验证码", code)
    resident.press("登录")
    resident.arrive("您好")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_signing_in_leads_back_to_where_one_was_going(visit: Visit, newcomers: Newcomers) -> None:
    resident = visit()
    somebody = newcomers.new()
    resident.go("/me/", "登录")
    by_code(resident, somebody.phone)
    resident.arrive("我的")
    sign_out(resident)
    resident.arrive("登录")
    resident.see("您已退出登录")
    resident.go("/me/", "登录")


def test_each_role_has_its_own_home(visit: Visit, staff: Staff) -> None:
    homes = {
        "demo-leader": "今日",
        "demo-nurse": "今日",
        "demo-registrar": "预约",
        "demo-admin": "总览",
        "demo-analyst": "贵港",
        "demo-security": "总览",
    }
    for username, heading in homes.items():
        staff.sign_in(visit(), username, heading)


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_a_wrong_password_keeps_the_name(visit: Visit) -> None:
    somebody = visit()
    by_password(somebody, "nobody-here", "not the password")
    somebody.see("密码不对")
    expect(somebody.main.get_by_label("用户名")).to_have_value("nobody-here")
    expect(somebody.main.get_by_label("密码")).to_have_value("")


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_a_doctor_who_is_a_resident_too_switches_between_both(visit: Visit, staff: Staff) -> None:
    leader = visit()
    staff.sign_in(leader, "demo-leader", "今日")
    switch_role(leader, "居民")
    leader.arrive("您好")
    switch_role(leader, "家庭医生团队长")
    leader.arrive("今日")
