"""Journey 4: order a pack, pay, have services recorded, confirm or dispute them."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff
from tests.journeys.signing import TODAY, signed_resident
from tests.journeys.visitor import PHONE, Visitor

GROUP, PACK, ITEM = "高血压患者", "高血压初级包", "高血压面对面随访"


def test_a_pack_is_bought_used_and_confirmed(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    resident, leader, nurse = visit(), visit(), visit()
    somebody = signed_resident(resident, leader, newcomers, staff)
    order(resident)
    pay(resident, "演示：银行拒付")
    resident.see("上次付款没有成功，没有扣款")
    pay(resident, re.compile("^付款"))
    resident.see("服务包已开通，有效一年")
    resident.tab("健康")
    resident.arrive("我的服务")
    resident.see(PACK, "已购买", "剩 4 / 4 次")

    staff.sign_in(nurse, "demo-nurse", TODAY)
    record(nurse, somebody.name, "血压 138/86，按时服药，两周后再测。")
    resident.page.reload()
    resident.arrive("我的服务")
    resident.see("请您确认", "剩 3 / 4 次")
    resident.follow("去确认")
    resident.arrive(ITEM)
    resident.see("血压 138/86")
    resident.press("确认属实")
    resident.see("已确认，谢谢", "这次服务您满意吗")
    resident.page.get_by_label("★★★★★ 非常满意").check()
    resident.press("提交评价")
    resident.arrive("我的服务")
    resident.see("评价已收到，谢谢")

    record(nurse, somebody.name, "", due=False)
    resident.page.reload()
    resident.arrive("我的服务")
    resident.follow("去确认")
    resident.arrive(ITEM)
    resident.fill("哪里不对", "那天没有人来。")
    resident.press("提出异议")
    resident.arrive("我的服务")
    leader.tab("服务记录")
    leader.arrive("服务记录")
    leader.follow("有异议", leader.main)
    leader.page.wait_for_url("**state=disputed*")
    leader.see(somebody.name, "那天没有人来")
    leader.follow(f"答复 {somebody.name}", leader.main)
    leader.arrive(f"{somebody.name} 的服务记录")
    leader.ask("撤回记录", "撤回这条服务记录吗")
    leader.press("撤回记录")
    leader.arrive("服务记录")
    leader.see("记录已撤回，次数已退回")
    resident.page.reload()
    resident.arrive("我的服务")
    resident.see("剩 3 / 4 次")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_payment_counts_though_the_payer_never_comes_back(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    resident, leader = visit(), visit()
    signed_resident(resident, leader, newcomers, staff)
    order(resident)
    address = resident.page.url
    resident.page.route(re.compile("^[^?]+/return"), lambda route: route.abort())
    open_cashier(resident)
    resident.page.get_by_role("button", name=re.compile("^付款")).click()
    resident.page.unroute_all()
    # Only the signed webhook can have told the portal.
    expect(resident.page).not_to_have_url(re.compile("/stripe/pay/"))
    for _ in range(20):
        resident.page.goto(address)
        if resident.page.get_by_text("服务包已开通").count():
            break
        resident.page.wait_for_timeout(250)
    resident.see("服务包已开通，有效一年")


def order(visitor: Visitor) -> None:
    """Choose the pack in the catalogue and order it."""
    visitor.go("/packs/", "服务包")
    visitor.follow(GROUP, visitor.page.get_by_role("navigation", name="按人群看"))
    visitor.page.wait_for_url("**group=*")
    visitor.follow(PACK, visitor.main)
    visitor.arrive(PACK)
    visitor.see("谁付多少", "其中医保基金", "您自己付", ITEM, "4 次", "示例")
    visitor.press(re.compile("^选购"))
    visitor.arrive(PACK)
    visitor.see("待付款")


def open_cashier(visitor: Visitor) -> None:
    """From the order to the provider's page."""
    visitor.press(re.compile("^去付款"))
    visitor.page.wait_for_url("**/stripe/pay/**")
    visitor.arrive(re.compile(r"\d"))


def pay(visitor: Visitor, button: str | re.Pattern[str]) -> None:
    """To the cashier, press this button there, and back."""
    open_cashier(visitor)
    visitor.press(button)
    visitor.arrive(PACK)


def record(nurse: Visitor, name: str, note: str, *, due: bool = True) -> None:
    """Find the resident and record that the service was done; what is not due stands folded."""
    nurse.tab("服务记录")
    nurse.arrive("服务记录")
    nurse.follow("登记服务", nurse.main)
    nurse.arrive("登记服务")
    nurse.fill("居民姓名或身份证后四位", name)
    nurse.press("搜索")
    nurse.follow(name, nurse.main)
    nurse.arrive(re.compile(f"为 {name} 登记服务"))
    if not due:
        nurse.main.get_by_text("其他服务").click()
    nurse.main.get_by_label(ITEM).first.check()
    nurse.fill("备注", note)
    nurse.press(re.compile("^登记"))
    nurse.see(f"已登记“{ITEM}”")
