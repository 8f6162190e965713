"""Journey: the leader opens a week's work report from its notice, and a figure to its rows."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import Staff
from tests.journeys.visitor import DESKTOP

HOME = re.compile("^今日")
COUNT = re.compile(r"\d+")


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_a_leader_reads_the_week_from_its_notice_down_to_the_rows(
    visit: Visit, staff: Staff
) -> None:
    leader = visit()
    staff.sign_in(leader, "demo-leader", HOME)
    leader.go("/messages/", "消息")
    notice = leader.main.get_by_role("link", name=re.compile("的周报做好了"))
    while not notice.count():  # other journeys tell the leader things too
        leader.follow("下一页")
        leader.arrive("消息")
    notice.first.click()
    leader.arrive(re.compile("^周报："))
    leader.see("履约指数", "这些数字怎么算", "各成员")
    due = leader.main.get_by_role("link", name=re.compile(r"^应做的服务 \d+$"))
    said = COUNT.search(due.inner_text())
    assert said
    due.click()
    leader.arrive(f"应做的服务：{said[0]} 条")
    rows = leader.main.locator("tbody tr")
    expect(rows).to_have_count(min(int(said[0]), 50))
    leader.follow("回到报告")
    leader.arrive(re.compile("^周报："))
    leader.press("重新核对")
    leader.see("核对过了，和原来一样")
