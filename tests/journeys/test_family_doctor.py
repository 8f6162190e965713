"""Journey 2: a resident finds a team and applies, the leader decides, the resident confirms."""

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff, join
from tests.journeys.signing import (
    TEAM,
    TODAY,
    TOWNSHIP,
    apply,
    confirm,
    open_application,
)
from tests.journeys.visitor import PHONE


def test_a_resident_signs_and_both_sides_see_it(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    resident, leader = visit(), visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    resident.tab("医生")
    resident.arrive("找家庭医生")
    resident.fill("医生、团队或卫生院", "没有这个团队")
    resident.press("搜索")
    resident.see("没有找到团队")
    resident.fill("医生、团队或卫生院", "贵城")
    resident.press("搜索")
    resident.follow(TEAM)
    resident.arrive(TEAM)
    resident.see("团队成员", "广西基础服务包", "还可签")
    apply(resident)

    staff.sign_in(leader, "demo-leader", TODAY)
    leader.see("签约申请", somebody.name)
    open_application(leader, somebody.name)
    leader.see("受理申请", "广西基础服务包")
    leader.press("同意签约")
    leader.see("已同意")

    resident.page.reload()
    resident.arrive("我的家庭医生")
    resident.follow("未读消息")
    resident.arrive("消息")
    resident.see(TEAM)
    confirm(resident)
    resident.see("近期要做的", "广西基础服务包", "看协议全文")
    resident.tab("首页")
    resident.arrive("您好")
    resident.see(TEAM, "签约中")

    leader.tab("我的居民")
    leader.arrive("我的居民")
    leader.fill("姓名、身份证后四位、村屯", somebody.id_number[-4:])
    leader.press("搜索")
    leader.follow(somebody.name)
    leader.arrive(somebody.name)
    leader.see("签约中", "现在可以做的", "经过")
    leader.miss(somebody.id_number)


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_refusal_tells_the_reason_and_frees_the_resident(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    resident, leader = visit(), visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    apply(resident)
    staff.sign_in(leader, "demo-leader", TODAY)
    open_application(leader, somebody.name)
    leader.press("不同意")
    leader.see("请填写这一项")
    leader.fill("不同意的原因", "您住在大圩镇，请就近签大圩镇的团队。")
    leader.press("不同意")
    leader.see("已答复居民没有同意")
    resident.page.reload()
    resident.arrive("我的家庭医生")
    resident.see("请就近签大圩镇的团队", "还没有家庭医生")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_an_application_can_be_withdrawn(visit: Visit, newcomers: Newcomers) -> None:
    resident = visit()
    join(resident, newcomers.new(), TOWNSHIP)
    apply(resident)
    resident.ask("撤回申请", "撤回这次申请吗")
    resident.press("撤回申请")
    resident.see("还没有家庭医生")
