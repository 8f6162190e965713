"""Journey 3: hospital, department, day, half-hour; seen at the desk; cancelled within the rule."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff, join
from tests.journeys.signing import TOWNSHIP
from tests.journeys.visitor import PHONE, Visitor

HOSPITAL, DEPARTMENT = "贵港市人民医院", "心血管内科"
DESK = re.compile("预约$")


def test_a_resident_books_the_desk_sees_it_and_the_resident_cancels(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    resident, registrar = visit(), visit()
    somebody = newcomers.new()
    join(resident, somebody, TOWNSHIP)
    day = choose_day(resident)
    slot = resident.main.get_by_role("link", name=re.compile(r"\d\d:\d\d.*余")).first
    time = slot.inner_text().split()[0]
    slot.click()
    resident.arrive("确认预约")
    resident.see(somebody.name, HOSPITAL, DEPARTMENT, time, "来时请带", "前可以在网上取消")
    resident.press("确认预约")
    resident.arrive("预约成功")
    resident.see(f"已为 {somebody.name} 约好", "报到")
    resident.tab("首页")
    resident.arrive("您好")
    resident.see("下一次就诊", DEPARTMENT)

    staff.sign_in(registrar, "demo-registrar", DESK)
    registrar.go(f"/appointments/day-list?date={day}", DESK)
    registrar.fill("姓名、身份证后四位或号序", somebody.name)
    registrar.press("搜索")
    registrar.see(somebody.name, DEPARTMENT, "已预约")
    registrar.miss(somebody.phone, somebody.id_number)

    resident.go("/appointments/bookings", "我的预约")
    resident.follow(re.compile(DEPARTMENT), resident.main)
    resident.arrive("预约详情")
    resident.ask("取消预约", "的预约吗")
    resident.press("取消预约")
    resident.see("预约已取消，名额已退回", "已取消")
    registrar.page.reload()
    registrar.see("没有找到这位患者")


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_stranger_sees_what_is_free_and_is_asked_who_they_are(visit: Visit) -> None:
    stranger = visit()
    choose_day(stranger)
    stranger.main.get_by_role("link", name=re.compile(r"\d\d:\d\d.*余")).first.click()
    stranger.arrive("登录")


def choose_day(visitor: Visitor) -> str:
    """To a department's last day with free places, far enough ahead to be cancelled again."""
    visitor.go("/appointments/", "预约挂号")
    visitor.fill("哪里不舒服", "心血管")
    visitor.press("搜索")
    visitor.arrive("找号")
    visitor.follow(re.compile(f"{DEPARTMENT} · {HOSPITAL}"), visitor.main)
    visitor.arrive(DEPARTMENT)
    days = visitor.page.get_by_role("navigation", name="选择日期")
    last = days.get_by_role("link", name=re.compile("余")).last
    address = last.get_attribute("href") or ""
    last.click()
    visitor.page.wait_for_url(f"**{address}")
    visitor.arrive(DEPARTMENT)
    return parse_qs(urlsplit(address).query)["date"][0]
