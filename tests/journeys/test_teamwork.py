"""A leader divides the work: residents change hands, are told, and a substitute stands in."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core import clock
from tests.journeys.conftest import Visit
from tests.journeys.people import Staff
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
