"""Journey 7: another vendor's application knows who somebody is, without a second password."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, by_code, join
from tests.journeys.signing import TOWNSHIP
from tests.journeys.visitor import PHONE, Visitor

APPLICATION = "检查预约小站（示例）"
CONSENT = f"登录{APPLICATION}"
GRANTED = "授权的应用"


def test_who_is_signed_in_here_is_known_there_and_signs_out_of_both(
    visit: Visit, newcomers: Newcomers
) -> None:
    resident = visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    knock(resident)
    resident.arrive(CONSENT)
    resident.see(
        "确认您是谁", somebody.name, "它看不到您的密码、证件号", f"以 {somebody.name} 登录"
    )
    resident.press("同意并登录")
    resident.arrive(f"您好，{somebody.name}")
    resident.see("已用健康门户账号登录", "门户给本站的编号", "没有您的密码和病历")
    resident.miss(somebody.id_number)

    resident.press("退出本站和门户")
    resident.arrive("已退出")
    resident.see("您已退出本站和健康门户")
    resident.follow("回到首页")
    resident.arrive(APPLICATION)
    resident.miss(somebody.name)
    resident.go("/me/", "登录")
    # What was agreed to once is not asked again; but who it is must be proved anew.
    knock(resident)
    resident.arrive("登录")
    by_code(resident, somebody.phone)
    resident.arrive(f"您好，{somebody.name}")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_an_application_is_listed_and_can_be_taken_back(visit: Visit, newcomers: Newcomers) -> None:
    resident = visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    open_granted(resident)
    resident.see("还没有授权过应用")
    knock(resident)
    resident.arrive(CONSENT)
    resident.press("同意并登录")
    resident.arrive(f"您好，{somebody.name}")
    knock(resident)
    resident.arrive(f"您好，{somebody.name}")

    open_granted(resident)
    resident.see(APPLICATION, "可以知道：", "姓名")
    resident.ask("取消授权", f"取消对 {APPLICATION} 的授权吗")
    resident.press("取消授权")
    resident.see("已取消授权", "还没有授权过应用")
    knock(resident)
    resident.arrive(CONSENT)


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_who_does_not_agree_tells_nothing_and_stays_signed_in_here(
    visit: Visit, newcomers: Newcomers
) -> None:
    resident = visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    knock(resident)
    resident.arrive(CONSENT)
    resident.press(re.compile("^不同意$"))
    resident.arrive("您没有同意登录")
    resident.see("本站没有拿到您的任何信息")
    open_granted(resident)
    resident.see("还没有授权过应用")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_who_comes_from_there_signs_in_at_the_portals_door(
    visit: Visit, newcomers: Newcomers
) -> None:
    resident = visit()
    somebody = newcomers.new()
    knock(resident)
    resident.arrive("登录")
    # The password, or here the code, is typed at the portal and nowhere else.
    expect(resident.page).to_have_url(re.compile("^" + re.escape(resident.portal.url)))
    by_code(resident, somebody.phone)
    resident.arrive(CONSENT)
    resident.see("还没有实名，不会给出")
    resident.press("同意并登录")
    resident.arrive("您好，门户用户")
    resident.go("/", "您好")


def knock(visitor: Visitor) -> None:
    """Sign in at the other application with the portal's account, known there already or not."""
    home = f"{visitor.portal.standins}/clinic/"
    visitor.page.goto(home)
    if visitor.page.get_by_role("button", name="退出本站和门户").count():
        visitor.page.goto(f"{home}sign-in")
        return
    visitor.arrive(APPLICATION)
    visitor.follow("用健康门户登录")


def open_granted(visitor: Visitor) -> None:
    """The person's own page of the applications that know them."""
    visitor.go("/me/", "我的")
    visitor.follow(GRANTED, visitor.main)
    visitor.arrive(GRANTED)
