"""Journey 8: everybody looks after the ways into their account, and gets back what is lost."""

import re

import pyotp
import pytest
from playwright.sync_api import expect

from regions.demo import ADMINISTRATOR, REGISTRAR
from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff, by_code, join, sign_out, sms_code
from tests.journeys.signing import TOWNSHIP
from tests.journeys.visitor import PHONE, Visitor

SECURITY = "登录与安全"
# As a phone with a screen lock has it: it stays, and asks who holds it.
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_passkey_is_added_and_opens_the_door(visit: Visit, newcomers: Newcomers) -> None:
    resident = visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    give_authenticator(resident)
    open_security(resident)
    resident.see("可以不设", "这台设备", "正在使用")
    resident.main.locator("a[href*='passkeys/new']").click()
    resident.arrive("添加通行密钥")
    resident.fill("给它起个名字", "我的手机")
    resident.press("添加通行密钥")
    resident.arrive("保存恢复码")
    expect(resident.main.locator(".recovery-codes li")).to_have_count(10)
    resident.follow("已保存，继续")
    resident.arrive(SECURITY)
    resident.see("通行密钥：我的手机", "还剩 10 个")

    sign_out(resident)
    resident.arrive("登录")
    resident.press("用通行密钥登录")
    resident.arrive("您好")
    # Nothing weaker opens it alone any more.
    sign_out(resident)
    by_code(resident, somebody.phone)
    resident.arrive("第二步验证")
    resident.press("使用通行密钥")
    resident.arrive("您好")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_an_authenticator_is_set_up_and_removed(visit: Visit, newcomers: Newcomers) -> None:
    resident = visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    open_security(resident)
    resident.main.locator("a[href$='/totp']").click()
    resident.arrive("设置动态口令")
    resident.main.get_by_text("扫不了").click()
    app = pyotp.TOTP(resident.main.locator(".secret").inner_text().replace(" ", ""))
    picture = resident.main.locator("img.qr")
    assert picture.evaluate("image => image.naturalWidth") > 0
    resident.fill("应用显示的 6 位数字", "000000")
    resident.press("完成设置")
    resident.see("口令不对")
    resident.fill("应用显示的 6 位数字", app.now())
    resident.press("完成设置")
    resident.arrive("保存恢复码")
    code = resident.main.locator(".recovery-codes code").first.inner_text()
    resident.follow("已保存，继续")
    resident.arrive(SECURITY)

    elsewhere = visit()
    elsewhere.go("/auth/sign-in", "登录")
    by_code(elsewhere, somebody.phone)
    elsewhere.arrive("第二步验证")
    elsewhere.follow("恢复码", elsewhere.main)
    elsewhere.arrive("第二步验证")
    elsewhere.fill("恢复码", code)
    elsewhere.press("确认")
    elsewhere.arrive("您好")
    open_security(elsewhere)
    elsewhere.see("还剩 9 个")
    elsewhere.ask("退出其他所有设备", "退出其他所有设备上的登录")
    elsewhere.press("退出其他所有设备")
    elsewhere.see("其他设备上的登录都已退出")
    resident.page.reload()
    resident.arrive("登录")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_lost_phone_is_replaced_by_two_members_of_staff(
    visit: Visit, staff: Staff, newcomers: Newcomers
) -> None:
    resident = visit()
    somebody, new_phone = newcomers.new(), newcomers.new().phone
    join(resident, somebody, TOWNSHIP)
    desk = visit()
    staff.sign_in(desk, REGISTRAR, "预约")
    desk.go("/auth/recovery/", "找回账号")
    desk.follow("开始办理", desk.main)
    desk.arrive("核对证件")
    desk.fill("身份证上的姓名", somebody.name)
    desk.fill("证件号码", somebody.id_number)
    desk.fill("新手机号", new_phone)
    desk.press("核对并发送验证码")
    desk.arrive("验证新手机号")
    desk.fill("6 位验证码", sms_code(desk, new_phone))
    desk.press("确认")
    desk.arrive(somebody.name)
    desk.see("等第二人核对", "请另一位同事")
    desk.miss(new_phone, somebody.id_number)

    second = visit()
    staff.sign_in(second, ADMINISTRATOR, "总览")
    second.go("/auth/recovery/", "找回账号")
    second.main.get_by_role("row").filter(has_text=somebody.name).get_by_role("link").click()
    second.arrive(somebody.name)
    second.fill("身份证上的姓名", somebody.name)
    second.fill("证件号码", somebody.id_number)
    second.press("核对并通知原手机号")
    second.arrive(somebody.name)
    second.see("等待生效", "原手机号已收到通知")

    resident.go("/messages/", "消息")
    resident.follow(re.compile("有人凭身份证"), resident.main)
    resident.arrive("阻止更换手机号")
    resident.press("不是我，阻止更换")
    resident.arrive("已阻止")
    second.page.reload()
    second.see("被阻止，等复核")


def give_authenticator(visitor: Visitor) -> None:
    """Let this browser have a screen lock that passkeys are kept behind."""
    protocol = visitor.context.new_cdp_session(visitor.page)
    protocol.send("WebAuthn.enable")
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def open_security(visitor: Visitor) -> None:
    """By the account menu."""
    visitor.open_account_menu().get_by_role("link", name=SECURITY).click()
    visitor.arrive(SECURITY)
