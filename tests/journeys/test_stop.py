"""A clinic more, booked, then stopped; the patient takes another place with one tap."""

import re
from datetime import timedelta

import pytest

from core import clock
from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff, join
from tests.journeys.signing import TOWNSHIP
from tests.journeys.visitor import PHONE, Screen, Visitor

HOSPITAL, DEPARTMENT = "贵港市人民医院", "消化内科"
DESK, WEEK = re.compile("预约$"), re.compile("的排班$")
REASON = "设备检修"


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_who_is_met_by_a_stop_takes_another_place(
    visit: Visit, newcomers: Newcomers, staff: Staff, screen: Screen
) -> None:
    registrar, resident = visit(), visit()
    clinic = f"胃镜演练{screen.width}"
    day = clock.today() + timedelta(days=4)
    staff.sign_in(registrar, "demo-registrar", DESK)
    add_session(registrar, clinic, day.isoformat())

    join(resident, newcomers.new(), TOWNSHIP)
    to_department(resident)
    resident.page.goto(f"{resident.page.url.split('?')[0]}?date={day}")
    resident.arrive(DEPARTMENT)
    card = resident.main.locator("section.card").filter(has_text=clinic)
    card.get_by_role("link", name=re.compile(r"\d\d:\d\d.*余")).first.click()
    resident.arrive("确认预约")
    resident.press("确认预约")
    resident.arrive("预约成功")

    registrar.page.reload()
    registrar.ask("停诊", "停诊？")
    registrar.see(re.compile("1 个预约会取消"))
    registrar.page.locator("dialog[open]").get_by_label("停诊原因").fill(REASON)
    registrar.press("停诊")
    registrar.see("已停诊 1 场，1 位患者将收到通知", f"已停诊：{REASON}")

    message = until_told(resident)
    resident.follow(message, resident.main)
    resident.arrive("停诊改约")
    resident.see("很抱歉，这个门诊停诊了", f"原因：{REASON}", "不计爽约")
    resident.main.get_by_role("button", name=re.compile(r"\d\d:\d\d–\d\d:\d\d")).first.click()
    resident.arrive("预约成功")
    resident.go("/appointments/bookings?when=past", "我的预约")
    resident.follow(re.compile(clinic), resident.main)
    resident.arrive("预约详情")
    resident.see("这个门诊停诊，预约已取消，不计爽约")


def add_session(registrar: Visitor, clinic: str, day: str) -> None:
    """Open one session more, and stay at its page."""
    registrar.go("/appointments/schedule/", WEEK)
    registrar.follow(DEPARTMENT, registrar.main)
    registrar.arrive(WEEK)
    registrar.follow("加开一场", registrar.main)
    registrar.arrive("加开一场")
    registrar.fill("科室门诊名称", clinic)
    registrar.fill("日期", day)
    registrar.choose("半天", "上午")
    registrar.choose("门诊类型", "专科门诊")
    registrar.fill("每时段号数", "5")
    registrar.fill("挂号费（元）", "12")
    registrar.press("加开")
    registrar.arrive(clinic)
    registrar.see("已加开一个门诊")


def to_department(resident: Visitor) -> None:
    """From the list of hospitals to the department."""
    resident.go("/appointments/", "预约挂号")
    resident.follow(re.compile(f"^{HOSPITAL}(?!民)"), resident.main)
    resident.arrive(HOSPITAL)
    resident.follow(re.compile(DEPARTMENT), resident.main)
    resident.arrive(DEPARTMENT)


def until_told(resident: Visitor) -> re.Pattern[str]:
    """Wait for the message, which the worker leaves within seconds."""
    told = re.compile(f"停诊通知.*{REASON}")
    for _ in range(40):
        resident.go("/messages/", "消息")
        if resident.main.get_by_text(told).count():
            return told
        resident.page.wait_for_timeout(500)
    raise AssertionError("no message of the stop arrived")
