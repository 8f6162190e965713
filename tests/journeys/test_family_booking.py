"""Journey: a parent books two children together; a doctor books and the resident refuses; a booking
is moved to another time.
"""

import re
from collections.abc import Iterator

import pytest

from core import clock
from regions.pack import load_pack
from regions.population import SyntheticPerson, households
from tests.journeys.conftest import Visit
from tests.journeys.live import SCALE
from tests.journeys.people import Newcomer, Newcomers, Staff, by_code, join, verify
from tests.journeys.signing import TOWNSHIP, signed_resident
from tests.journeys.test_appointment import DEPARTMENT, HOSPITAL
from tests.journeys.visitor import DESKTOP, PHONE, Visitor

FREE = re.compile(r"\d\d:\d\d.*余")
ADULT, CHILD = 25, 16


def age(person: SyntheticPerson) -> int:
    return (clock.today() - person.birth_date).days // 366


@pytest.fixture(scope="module")
def parents() -> Iterator[tuple[SyntheticPerson, list[SyntheticPerson]]]:
    """Parents with a phone and two children, as the demo's region has them, one after another."""

    def found() -> Iterator[tuple[SyntheticPerson, list[SyntheticPerson]]]:
        people = households(load_pack("guigang"), today=clock.today(), scale=float(SCALE))
        for household in people:
            children = [each for each in household.members if age(each) < CHILD]
            grown = [each for each in household.members if each.phone and age(each) > ADULT]
            if grown and len(children) > 1:
                yield grown[0], children[:2]

    return found()


def pick_slot(visitor: Visitor, name: str | re.Pattern[str] = FREE) -> str:
    """The first free slot of the day; its time."""
    slot = visitor.main.get_by_role("link", name=name).first
    time = slot.inner_text().split()[0]
    slot.click()
    return time


def come_back(visitor: Visitor, person: SyntheticPerson) -> None:
    """Somebody of the region signs in by phone, and is checked where they never were."""
    assert person.phone
    visitor.go("/auth/sign-in", "登录")
    by_code(visitor, person.phone)
    visitor.arrive("您好")
    check = visitor.main.get_by_role("link", name="去认证")
    if check.count():
        check.first.click()
        visitor.arrive("实名认证")
        newcomer = Newcomer(person.name, person.phone, person.id_number)
        verify(visitor, newcomer, TOWNSHIP)
        visitor.arrive("您好")


def to_last_day(visitor: Visitor) -> None:
    """To the department's last day with free places, far enough ahead to be changed."""
    visitor.go("/appointments/", "预约挂号")
    visitor.main.get_by_role("link", name=HOSPITAL, exact=True).click()
    visitor.arrive(HOSPITAL)
    visitor.follow(DEPARTMENT, visitor.main)
    visitor.arrive(DEPARTMENT)
    last_day(visitor)
    visitor.arrive(DEPARTMENT)


def last_day(visitor: Visitor) -> None:
    """To the last day that has places."""
    days = visitor.page.get_by_role("navigation", name="选择日期")
    last = days.get_by_role("link", name=re.compile("余")).last
    address = last.get_attribute("href") or ""
    last.click()
    visitor.page.wait_for_url(f"**{address}")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_parent_books_two_children_together(
    visit: Visit, parents: Iterator[tuple[SyntheticPerson, list[SyntheticPerson]]]
) -> None:
    parent, children = next(parents)
    visitor = visit()
    come_back(visitor, parent)
    visitor.go("/me/", "我的")
    visitor.follow(re.compile("^家人"), visitor.main)
    visitor.arrive("家人")
    visitor.see("我可以代办的人", *(child.name for child in children))
    to_last_day(visitor)
    # Experts, who alone are there on the last day, have one place a slot.
    days = visitor.page.get_by_role("navigation", name="选择日期")
    days.get_by_role("link", name=re.compile("余")).nth(3).click()
    visitor.arrive(DEPARTMENT)
    pick_slot(visitor, re.compile(r"\d\d:\d\d.*余 ?[2-9]", re.DOTALL))
    visitor.arrive("确认预约")
    visitor.see("谁来看？")
    visitor.main.get_by_role("checkbox", name=parent.name).uncheck()
    for child in children:
        visitor.main.get_by_role("checkbox", name=child.name).check()
    visitor.press("确认预约")
    visitor.arrive("预约成功")
    both = "、".join(child.name for child in children)
    visitor.see(f"已为 {both} 约好", f"正在为 {both} 办理", "报到码")
    assert len(visitor.download("加到手机日历")) > len("BEGIN:VCALENDAR")
    visitor.go("/appointments/bookings", "我的预约")
    visitor.see(*(child.name for child in children))
    # One of the family may have a place that is held, too.
    booked = visitor.main.get_by_role("listitem").filter(has_not_text="待确认")
    visitor.follow(re.compile(DEPARTMENT), booked)
    visitor.arrive("预约详情")
    visitor.see("正在为")


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_a_doctor_books_and_the_resident_refuses(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    resident, leader = visit(), visit()
    somebody = signed_resident(resident, leader, newcomers, staff)
    leader.tab("我的居民")
    leader.arrive("我的居民")
    leader.fill("姓名、身份证后四位、村屯", somebody.id_number[-4:])
    leader.press("搜索")
    leader.follow(somebody.name)
    leader.arrive(somebody.name)
    leader.see("没有待就诊的预约")
    leader.follow("代约挂号")
    leader.arrive(f"为{somebody.name}代约挂号")
    leader.main.get_by_role("link", name=HOSPITAL, exact=True).click()
    leader.see("第二步")
    leader.follow(DEPARTMENT, leader.main)
    leader.see("第三步")
    last_day(leader)
    leader.arrive(f"为{somebody.name}代约挂号")
    pick_slot(leader)
    leader.arrive("确认代约")
    leader.press("确认代约")
    leader.arrive(somebody.name)
    leader.see("居民会马上收到消息", "团队代约")

    resident.tab("首页")
    resident.arrive("您好")
    resident.go("/appointments/bookings", "我的预约")
    resident.follow(re.compile(DEPARTMENT), resident.main)
    resident.arrive("预约详情")
    resident.see("这是家庭医生代约的号")
    resident.ask("不需要，取消", "的预约吗")
    resident.press("不需要，取消")
    resident.see("预约已取消，名额已退回", "已谢绝")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_booking_moves_to_another_time(visit: Visit, newcomers: Newcomers) -> None:
    visitor = visit()
    join(visitor, newcomers.new(), TOWNSHIP)
    to_last_day(visitor)
    old = pick_slot(visitor)
    visitor.arrive("确认预约")
    visitor.press("确认预约")
    visitor.arrive("预约成功")
    visitor.go("/appointments/bookings", "我的预约")
    visitor.follow(re.compile(DEPARTMENT), visitor.main)
    visitor.arrive("预约详情")
    visitor.follow("改时间")
    visitor.arrive("改时间")
    last_day(visitor)
    visitor.arrive("改时间")
    new = pick_slot(visitor)
    visitor.arrive("确认改时间")
    visitor.see("原来", "改到", re.compile(old), re.compile(new))
    visitor.press("确认改时间")
    visitor.arrive("预约成功")
    visitor.see("时间已改好", re.compile(new))
