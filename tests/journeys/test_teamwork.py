"""A leader divides the work: residents change hands, are told, and a substitute stands in."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core import clock
from regions.demo import PASSWORD
from tests.journeys.conftest import Visit
from tests.journeys.live import LivePortal
from tests.journeys.people import Staff, by_password, second_factor
from tests.journeys.signing import TODAY
from tests.journeys.visitor import DESKTOP


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_a_leader_hands_residents_over_and_a_member_is_away(visit: Visit, staff: Staff) -> None:
    leader = visit()
    staff.sign_in(leader, "demo-leader", TODAY)
    leader.go("/family-doctor/teamwork/", "分工与代班")
    leader.see("没有人负责", "成员和他们的居民", "按村屯")
    leader.follow("交给成员")
    leader.arrive("移交居民")
    receiver = leader.main.get_by_label("接手的成员")
    name = receiver.locator("option").nth(2).inner_text().split()[0]
    receiver.select_option(index=2)
    leader.see("第二步：核对后移交", f"移交给{name}")
    leader.fill("交接说明", "先打电话认识一下，血压高的本周内随访。")
    leader.press("确认移交")
    leader.see(f"已交给{name}负责")
    leader.miss("没有人负责。")
    leader.go("/family-doctor/teamwork/handovers?whole_team=true", "交接记录")
    leader.main.get_by_role("link", name="查看").first.click()
    leader.see("血压高的本周内随访")
    # The resident's page says who looks after them.
    leader.main.locator(".entry a").first.click()
    leader.see("谁负责", "血压高的本周内随访")
    expect(leader.main.get_by_text(name).first).to_be_visible()

    leader.go("/family-doctor/panel", "我的居民")
    leader.main.get_by_role("checkbox").first.check()
    leader.press("移交勾选的")
    leader.arrive("移交居民")
    leader.see("选中的居民", "1 位", "第一步：交给谁")
    leader.go("/family-doctor/panel", "我的居民")
    leader.main.get_by_role("checkbox").last.check()
    leader.press("把勾选的移交给其他团队")
    leader.arrive("移交给其他团队")
    leader.fill("找团队", "家庭医生")
    leader.press("查找")
    leader.main.get_by_role("button", name="选择").first.click()
    leader.fill("交接说明", "搬到邻村，血压高，请先上门认识。")
    leader.press("提议移交")
    leader.see("已把提议发给", "还没问居民", "撤回提议")

    leader.go("/family-doctor/teamwork/", "分工与代班")
    leader.choose("谁请假", name)
    leader.main.get_by_label("代班人").select_option(index=1)
    today = clock.today()
    leader.fill("第一天", today.isoformat())
    leader.fill("最后一天", (today + timedelta(days=2)).isoformat())
    leader.press("登记请假")
    leader.see("已登记", f"{name}请假期间")
    leader.see("代班")
    leader.go("/family-doctor/panel?whose=stand_in", "我的居民")
    leader.see("您代班", "负责人")


VILLAGE, MANY = "示例移交村", 200
NOTE = "整村划给贵队，血压高的有三十多位，请先打电话认识。"


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_a_leader_transfers_a_village_of_200(
    visit: Visit, portal: LivePortal, staff: Staff
) -> None:
    team, username, phone = portal.made("tests.journeys.receiving", VILLAGE, str(MANY))
    leader, receiver = visit(), visit()
    staff.sign_in(leader, "demo-leader", TODAY)
    leader.go(f"/family-doctor/panel?search={VILLAGE}", "我的居民")
    leader.follow("找到的全部移交给其他团队")
    leader.arrive("移交给其他团队")
    leader.see(f"{MANY} 位居民", "没有人有逾期的服务")
    leader.fill("找团队", team)
    leader.press("查找")
    leader.main.get_by_role("button", name="选择").first.click()
    leader.see("第二步：写交接说明，提议移交")
    leader.fill("交接说明", NOTE)
    leader.press("提议移交")
    leader.arrive(f"移交 {MANY} 位居民")
    leader.see(f"已把提议发给{team}")

    by_password(receiver, username, PASSWORD)
    second_factor(receiver, phone)
    receiver.arrive(TODAY)
    receiver.go("/family-doctor/transfers/", "团队之间的移交")
    receiver.follow("打开")
    receiver.arrive(f"移交 {MANY} 位居民")
    receiver.see(NOTE, "是些什么居民", VILLAGE)
    receiver.miss("示例村民001")
    receiver.press("同意接收")
    receiver.see("已同意，名额留好了", "还没有居民同意")
    leader.page.reload()
    for side in (leader, receiver):
        decisions = side.main.locator("dl[aria-label=居民的决定]")
        expect(decisions).to_contain_text(re.compile(rf"已转\s*0\s*等待\s*{MANY}"))
    leader.see("示例村民001")
    for side, tab in ((leader, "我们提议的"), (receiver, "移交给我们的")):
        side.go("/family-doctor/transfers/", "团队之间的移交")
        side.follow(tab)
        row = side.main.get_by_role("row").filter(has_text="等居民决定").first
        expect(row.get_by_role("cell", name=str(MANY), exact=True)).to_have_count(2)
