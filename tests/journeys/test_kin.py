"""Journey: a daughter binds her father by a code, signs and books for him; he takes it back."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import CODE, Newcomer, Newcomers, Staff, join
from tests.journeys.signing import TEAM, TODAY, TOWNSHIP, draw, open_application, sealed_file
from tests.journeys.test_appointment import DEPARTMENT
from tests.journeys.test_family_booking import pick_slot, to_last_day
from tests.journeys.visitor import PHONE, Visitor
from tests.poppler import plain_text

PATIENCE = 30
CONSENT_MESSAGE = "li.message[data-template=consent_code]"


def consent_code(visitor: Visitor, phone: str) -> str:
    """The code to tell to the daughter, which a job sends: looked for until it is there."""
    with visitor.context.expect_page() as waiting:
        visitor.follow("打开演示短信收件箱")
    inbox = waiting.value
    messages = inbox.locator(CONSENT_MESSAGE).filter(has_text=phone)
    for _ in range(PATIENCE):
        if messages.count():
            break
        inbox.wait_for_timeout(1000)
        inbox.reload()
    expect(messages).to_have_count(1)
    found = CODE.search(messages.first.locator(".message-text").inner_text())
    inbox.close()
    assert found, "the message holds no code"
    return found[0]


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_daughter_acts_for_her_father_until_he_takes_it_back(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    daughter, father, leader = visit(), visit(), visit()
    she, he = newcomers.new(), newcomers.new()
    join(father, he, TOWNSHIP)
    join(daughter, she, TOWNSHIP)

    daughter.go("/me/family", "家人")
    daughter.follow("添加要代办的家人", daughter.main)
    daughter.arrive("添加要代办的家人")
    daughter.follow(re.compile("^父母或其他成年家人"), daughter.main)
    daughter.arrive("为成年家人代办")
    daughter.fill("对方的姓名", he.name)
    daughter.fill("对方的身份证号", he.id_number)
    daughter.main.get_by_role("checkbox", name=re.compile("签约家庭医生")).check()
    daughter.press("发验证码到对方手机")
    daughter.arrive(f"为{he.name}代办")
    daughter.see("请对方读出验证码")
    daughter.fill("6 位验证码", consent_code(daughter, he.phone))
    daughter.press("对方同意，完成")
    daughter.arrive("家人")
    daughter.see(f"现在可以为{he.name}代办了", "签约家庭医生、预约挂号")

    sign_for(daughter, he, leader, staff)
    to_last_day(daughter)
    pick_slot(daughter)
    daughter.arrive("确认预约")
    daughter.main.get_by_role("radio", name=re.compile(he.name)).or_(
        daughter.main.get_by_role("checkbox", name=re.compile(he.name))
    ).check()
    own = daughter.main.get_by_role("checkbox", name=re.compile(she.name))
    if own.count():
        own.uncheck()
    daughter.press("确认预约")
    daughter.arrive("预约成功")
    daughter.see(f"正在为 {he.name} 办理")

    father.go("/family-doctor/mine", "我的家庭医生")
    father.see("签约中")
    paper = plain_text(sealed_file(father))
    assert f"{she.name}（代甲方签名）" in paper
    assert f"甲方（居民）：{he.name}" in paper
    father.go("/me/family", "家人")
    father.see(she.name, "签约家庭医生、预约挂号")
    father.ask("收回授权", f"收回{she.name}的授权吗")
    father.press("收回授权")
    father.see("代办授权已结束")
    father.miss("签约家庭医生、预约挂号")
    father.go("/appointments/bookings", "我的预约")
    father.see(re.compile(DEPARTMENT))

    daughter.go("/me/family", "家人")
    daughter.miss(he.name)
    daughter.go("/appointments/bookings", "我的预约")
    expect(daughter.main.get_by_text(he.name)).to_have_count(0)


def sign_for(daughter: Visitor, he: Newcomer, leader: Visitor, staff: Staff) -> None:
    """She applies for him; his team's leader accepts; she reads and signs with her own hand."""
    daughter.go("/family-doctor/?search=贵城", "找家庭医生")
    daughter.follow(TEAM)
    daughter.arrive(TEAM)
    daughter.follow("为家人申请")
    daughter.arrive("为家人申请签约")
    daughter.main.get_by_role("radio", name=re.compile(he.name)).check()
    daughter.press("申请签约")
    staff.sign_in(leader, "demo-leader", TODAY)
    open_application(leader, he.name)
    leader.see("代签")
    leader.press("同意签约")
    leader.see("已同意")
    daughter.go("/family-doctor/mine", "我的家庭医生")
    daughter.follow(he.name, daughter.main)
    daughter.arrive("签约申请")
    daughter.see(he.name)
    daughter.follow("阅读协议并签名")
    daughter.arrive("签约协议")
    draw(daughter)
    daughter.main.get_by_label("我已阅读并同意以上协议").check()
    daughter.press("确认签约")
