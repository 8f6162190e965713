"""Journey 7: another vendor's application signs the same person in, without a second password."""

from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, by_code, join
from tests.journeys.signing import TOWNSHIP
from tests.journeys.visitor import Visitor

CLINIC = "检查预约小站（示例）"


def test_one_sign_on_opens_a_second_application_and_closes_both(
    visit: Visit, newcomers: Newcomers
) -> None:
    resident = visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    ask_to_sign_in(resident)
    resident.arrive(f"登录{CLINIC}")
    resident.see("姓名", somebody.name, "它看不到您的密码、证件号")
    resident.press("同意并登录")
    resident.arrive(f"您好，{somebody.name}")
    resident.see("已用健康门户账号登录", "本站只拿到以上几项")
    resident.miss(somebody.phone, somebody.id_number)

    # A fresh visit of the application: the portal knows the person and remembers the consent.
    forget_clinic(resident)
    ask_to_sign_in(resident)
    resident.arrive(f"您好，{somebody.name}")

    resident.press("退出本站和门户")
    resident.arrive("已退出")
    resident.see("您已退出本站和健康门户")
    resident.go("/me/", "登录")


def test_the_portal_asks_for_the_code_when_nobody_is_signed_in(
    visit: Visit, newcomers: Newcomers
) -> None:
    resident = visit()
    ask_to_sign_in(resident)
    resident.arrive("登录健康贵港")
    by_code(resident, newcomers.new().phone)
    resident.arrive(f"登录{CLINIC}")
    resident.see("还没有实名")
    resident.press("不同意")
    resident.arrive("您没有同意登录")


def ask_to_sign_in(visitor: Visitor) -> None:
    """Open the application and choose the portal's account."""
    visitor.go(f"{visitor.portal.standins}/clinic/", CLINIC)
    visitor.follow("用健康门户登录")


def forget_clinic(visitor: Visitor) -> None:
    """The application's own session ends; the portal's stays."""
    visitor.context.clear_cookies(name="clinic_session")
    visitor.go(f"{visitor.portal.standins}/clinic/", CLINIC)
    expect(visitor.main.get_by_role("link", name="用健康门户登录")).to_be_visible()
