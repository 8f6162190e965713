"""Journey 11: five ways of signing, each from its link or QR code to the sealed agreement."""

import re

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomer, Newcomers, Staff, by_code, join, verify
from tests.journeys.scanning import scanned
from tests.journeys.signing import (
    TEAM,
    TODAY,
    TOWNSHIP,
    confirm,
    draw,
    open_application,
    sealed_file,
)
from tests.journeys.visitor import PHONE, TABLET, Visitor

WAYS, ARRIVED = "签约方式", TEAM


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_card_is_scanned_by_somebody_new(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    resident, leader = visit(), visit()
    staff.sign_in(leader, "demo-leader", TODAY)
    leader.tab(WAYS)
    leader.arrive(WAYS)
    leader.press("制作名片")
    leader.arrive(re.compile("的名片$"))
    leader.see("扫一扫")
    link = scanned(leader.main.locator(".name-card-code"))
    assert link == leader.main.get_by_label("链接").input_value()
    resident.page.goto(link)
    resident.arrive(ARRIVED)
    somebody = newcomers.new()
    sign_in_and_come_back(resident, somebody)
    resident.press("申请签约")
    resident.arrive("我的家庭医生")
    accept(leader, somebody, "扫医生名片")
    sign(resident)


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_an_invitation_is_opened_from_its_sms(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    resident, leader, somebody = visit(), visit(), newcomers.new()
    staff.sign_in(leader, "demo-leader", TODAY)
    leader.go("/family-doctor/ways/invitations", "邀请签约")
    leader.main.locator("textarea").fill(f"{somebody.phone}\n不是号码")
    leader.press("发出邀请")
    leader.see("已邀请 1 人", "第 2 行")
    resident.page.goto(sms_link(resident, somebody.phone))
    resident.arrive(ARRIVED)
    resident.see("邀请您签约家庭医生", "不再邀请我")
    sign_in_and_come_back(resident, somebody)
    resident.press("申请签约")
    resident.arrive("我的家庭医生")
    accept(leader, somebody, "医生邀请")
    leader.go("/family-doctor/ways/invitations", "邀请签约")
    leader.see("已申请")
    sign(resident)


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_shared_page_brings_a_neighbour(visit: Visit, newcomers: Newcomers, staff: Staff) -> None:
    sharer, neighbour, leader = visit(), visit(), visit()
    join(sharer, newcomers.new(), TOWNSHIP)
    sharer.go("/family-doctor/?search=贵城", "找家庭医生")
    sharer.follow(TEAM)
    sharer.arrive(TEAM)
    sharer.press("分享团队")
    sharer.arrive("分享团队")
    neighbour.page.goto(scanned(sharer.main.locator("img.qr")))
    neighbour.arrive(ARRIVED)
    neighbour.see("有人向您推荐")
    somebody = newcomers.new()
    sign_in_and_come_back(neighbour, somebody)
    neighbour.press("申请签约")
    neighbour.arrive("我的家庭医生")
    staff.sign_in(leader, "demo-leader", TODAY)
    accept(leader, somebody, "微信分享")
    sign(neighbour)


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_staff_apply_on_behalf_with_papers(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    leader, resident, somebody = visit(), visit(), newcomers.new()
    staff.sign_in(leader, "demo-leader", TODAY)
    leader.go("/family-doctor/ways/on-behalf", "代为申请")
    fill_papers(leader, somebody)
    leader.fill("手机号", somebody.phone)
    leader.main.get_by_label("书面委托书").check()
    leader.fill("户口簿或委托书编号", "委2026-17")
    leader.press("提交申请")
    leader.arrive(somebody.name)
    leader.see("代签", "由谁办理", "书面委托书")
    leader.press("同意签约")
    leader.see("已同意")
    resident.page.goto(sms_link(resident, somebody.phone))
    resident.arrive("登录")
    by_code(resident, somebody.phone)
    resident.arrive("实名认证")
    verify(resident, somebody, TOWNSHIP)
    resident.arrive("签约申请")
    resident.see("书面委托书", "不是您的意思")
    sign(resident)


@pytest.mark.parametrize("screen", [TABLET], indirect=True)
def test_a_resident_without_a_phone_signs_at_the_desk(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    nurse, leader, somebody = visit(), visit(), newcomers.new()
    staff.sign_in(nurse, "demo-nurse", TODAY)
    nurse.go("/family-doctor/ways/on-site", "现场签约")
    fill_papers(nurse, somebody)
    nurse.press("下一步：准备协议")
    nurse.arrive(somebody.name)
    nurse.press("生成协议，交给居民")
    nurse.arrive("请您阅读协议并签名")
    nurse.see(somebody.name, TEAM, "自双方签名之日起")
    nurse.main.get_by_label("我已从头到尾读过").check()
    draw(nurse)
    nurse.press("签好了")
    nurse.arrive("签好了，请把平板交还工作人员")
    nurse.main.get_by_label("我核对了证件原件").check()
    nurse.press("作见证并提交")
    nurse.arrive(somebody.name)
    nurse.see("居民已签名，申请已送到团队长", "由团队长受理")
    staff.sign_in(leader, "demo-leader", TODAY)
    open_application(leader, somebody.name)
    leader.see("居民已在现场签名")
    leader.press("同意签约")
    leader.see("在现场签过名")
    # For whom has no phone the agreement is printed.
    nurse.page.reload()
    nurse.arrive(somebody.name)
    nurse.see("签约中")
    assert sealed_file(nurse, "看协议和签名").startswith(b"%PDF-")
    nurse.see("见证人", "打印")


def sign(visitor: Visitor) -> None:
    """Read and sign what the team accepted, and fetch the agreement once it is sealed."""
    confirm(visitor)
    assert sealed_file(visitor).startswith(b"%PDF-")


def fill_papers(leader: Visitor, somebody: Newcomer) -> None:
    """Write down the name and number of the card that was seen."""
    leader.fill("姓名", somebody.name)
    leader.fill("证件号码", somebody.id_number)


def sign_in_and_come_back(visitor: Visitor, somebody: Newcomer) -> None:
    """From a link: sign in by phone, pass the real-name check, and stand at the link again."""
    visitor.follow("登录后申请")
    visitor.arrive("登录")
    by_code(visitor, somebody.phone)
    visitor.arrive(ARRIVED)
    visitor.follow("去实名认证")
    visitor.arrive("实名认证")
    verify(visitor, somebody, TOWNSHIP)
    visitor.arrive(ARRIVED)


def accept(leader: Visitor, somebody: Newcomer, way: str) -> None:
    """The leader sees which way it came, and accepts."""
    leader.go("/family-doctor/today", TODAY)
    open_application(leader, somebody.name)
    leader.see(way)
    leader.press("同意签约")
    leader.see("已同意")


def sms_link(visitor: Visitor, phone: str) -> str:
    """The link in the newest SMS to this phone; the worker needs a moment."""
    inbox = visitor.context.new_page()
    message = inbox.locator("li.message").filter(has_text=phone).filter(has_text="/family-doctor/")
    for _ in range(40):
        inbox.goto(f"{visitor.portal.standins}/sms/inbox?refresh=off")
        if message.count():
            break
        inbox.wait_for_timeout(500)
    found = re.search(r"https?://\S+/family-doctor/\S+", message.first.inner_text())
    inbox.close()
    assert found, "no SMS with a link arrived"
    return found[0]
