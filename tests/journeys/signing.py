"""How somebody comes to have a family doctor: the steps of both sides."""

import re
import time

from tests.journeys.people import Newcomer, Newcomers, Staff, join
from tests.journeys.visitor import Visitor

# Where the demo's team works.
TOWNSHIP = "贵城街道"
TEAM = "贵城街道家庭医生第1队"
TODAY = re.compile("^今日")
# The worker seals within moments; a busy machine takes longer.
SECONDS = 60
# What is drawn, as shares of the field's width and height.
STROKES = (
    ((0.1, 0.8), (0.2, 0.2), (0.3, 0.8)),
    ((0.14, 0.55), (0.27, 0.55)),
    ((0.45, 0.2), (0.45, 0.8), (0.6, 0.7), (0.65, 0.3)),
    ((0.75, 0.25), (0.9, 0.25), (0.8, 0.5), (0.9, 0.8), (0.72, 0.75)),
)


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
    """Read the agreement that the team offered, and sign it."""
    visitor.go("/family-doctor/mine", "我的家庭医生")
    visitor.see("请阅读并确认协议")
    visitor.follow("阅读并确认")
    visitor.arrive("签约协议")
    draw(visitor)
    visitor.main.get_by_label("我已阅读并同意以上协议").check()
    visitor.press("确认签约")
    visitor.arrive("我的家庭医生")
    visitor.see("签约中")


def sealed_file(visitor: Visitor, link: str = "看协议全文") -> bytes:
    """The sealed agreement of somebody who has just signed, from their own page or another's."""
    visitor.follow(link)
    visitor.arrive("签约协议")
    until = time.monotonic() + SECONDS
    while not visitor.main.get_by_role("link", name="下载协议 PDF").count():
        assert time.monotonic() < until, "the sealed file was not made"
        visitor.page.wait_for_timeout(300)
        visitor.page.reload()
    visitor.arrive("签约协议")
    return visitor.download("下载协议 PDF")


def draw(visitor: Visitor) -> None:
    """Draw something into the field that is signed in."""
    field = visitor.main.locator("[data-signature] canvas")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    mouse = visitor.page.mouse
    for stroke in STROKES:
        for index, (across, down) in enumerate(stroke):
            mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down, steps=3)
            if index == 0:
                mouse.down()
        mouse.up()
