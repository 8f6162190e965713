"""How somebody comes to have a family doctor: the steps of both sides."""

import re

from tests.journeys.people import Newcomer, Newcomers, Staff, join
from tests.journeys.visitor import Visitor

# Where the demo's team works.
TOWNSHIP = "贵城街道"
TEAM = "贵城街道家庭医生第1队"
TODAY = re.compile("^今日")


def signed_resident(
    visitor: Visitor, leader: Visitor, newcomers: Newcomers, staff: Staff
) -> Newcomer:
    """A newcomer who has signed with the demo's team, both sides by their own pages."""
    somebody = newcomers.new()
    join(visitor, somebody, TOWNSHIP)
    apply(visitor)
    staff.sign_in(leader, "demo-leader", TODAY)
    open_application(leader, somebody.name)
    leader.press("同意签约")
    leader.see("已同意")
    confirm(visitor)
    return somebody


def apply(visitor: Visitor) -> None:
    """Find the team by its township and apply."""
    visitor.tab("医生")
    visitor.arrive("找家庭医生")
    visitor.choose("乡镇或街道", TOWNSHIP)
    visitor.page.wait_for_url("**division=*")
    visitor.arrive("找家庭医生")
    visitor.follow(TEAM)
    visitor.arrive(TEAM)
    visitor.press("申请签约")
    visitor.arrive("我的家庭医生")
    visitor.see("等待团队答复")


def open_application(leader: Visitor, name: str) -> None:
    """From today's page to the application of this person."""
    leader.tab("签约申请")
    leader.arrive("签约申请")
    leader.follow(f"受理{name}的申请")
    leader.arrive(name)


def confirm(visitor: Visitor) -> None:
    """Read the agreement that the team offered, and consent to it."""
    visitor.go("/family-doctor/mine", "我的家庭医生")
    visitor.see("请阅读并确认协议")
    visitor.follow("阅读并确认")
    visitor.arrive("签约协议")
    visitor.main.get_by_label("我已阅读并同意以上协议").check()
    visitor.press("确认签约")
    visitor.arrive("我的家庭医生")
    visitor.see("签约中")
