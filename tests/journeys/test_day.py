"""Journey: at the hospital. The desk checks in by the code and calls by keyboard alone; the hall's
screen and the patient's phone move by themselves.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.at_hospital import appointment_now
from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff, join
from tests.journeys.scanning import scanned
from tests.journeys.signing import TOWNSHIP
from tests.journeys.test_appointment import DEPARTMENT, DESK, HOSPITAL
from tests.journeys.visitor import DESKTOP


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_the_desk_calls_and_everybody_sees_it(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    patient, desk, hall = visit(), visit(), visit()
    somebody = newcomers.new()
    join(patient, somebody, TOWNSHIP)
    here = appointment_now(patient.portal, HOSPITAL, DEPARTMENT, somebody.name)
    patient.go(f"/appointments/bookings/{here.booking_id}", "预约详情")
    code = scanned(patient.main.locator("img.qr"))
    patient.follow("报到与候诊")
    patient.arrive("候诊")
    patient.see("到院报到")
    typed = patient.main.locator(".checkin-code code").inner_text()
    assert typed.replace(" ", "") == code

    staff.sign_in(desk, "demo-registrar", DESK)
    desk.tab("候诊大屏")
    desk.arrive("候诊大屏")
    desk.fill("名称", f"二楼候诊厅 {here.room}")
    desk.main.get_by_label(DEPARTMENT).first.check()
    desk.press("建立并显示地址")
    desk.arrive("大屏的地址")
    address = desk.main.locator(".screen-address a").get_attribute("href") or ""
    hall.go(address, HOSPITAL)

    desk.tab("叫号台")
    desk.arrive("叫号台")
    # As a scanner does: it types where the page put the cursor, and ends with Enter.
    expect(desk.main.get_by_label("报到码")).to_be_focused()
    desk.page.keyboard.type(code)
    desk.page.keyboard.press("Enter")
    desk.arrive("叫号台")
    said = desk.main.get_by_text("已报到：").inner_text()
    found = re.search(r"\d{3}", said)
    assert found
    label = found[0]
    patient.see("我的候诊号", label, "下一个就是您")
    room = hall.main.locator(".hall-room").filter(has_text=here.room)
    expect(room).to_contain_text(label)
    hall.arrive(HOSPITAL)
    patient.arrive("候诊")

    desk.go(f"/appointments/queues/{here.session_id}", "叫号：")
    desk.see(somebody.name)
    desk.page.keyboard.press("n")
    desk.see("再叫一次（还可 3 次）")
    desk.arrive("叫号：")
    patient.see(f"轮到您了，请到 {here.room}")
    patient.arrive("候诊")
    expect(room).to_contain_text("请就诊")
    expect(room).to_have_class(re.compile("is-new"))
    hall.arrive(HOSPITAL)
    hall.miss(somebody.name)
    desk.page.keyboard.press("r")
    desk.see("再叫一次（还可 2 次）")
    desk.page.keyboard.press("d")
    desk.see("诊室里没有人")
    patient.see("已就诊完")
    expect(room).to_have_count(0)

    desk.page.keyboard.press("p")
    desk.see("已暂停叫号：医生短暂休息")
    expect(room).to_contain_text("医生短暂休息")
    desk.page.keyboard.press("p")
    desk.see("暂停原因")

    desk.go("/appointments/screens", "候诊大屏")
    desk.ask("停用", "停用大屏")
    desk.press("停用")
    desk.see("已停用")
    hall.arrive("没有找到")
    hall.see("这个候诊大屏的地址已停用")
