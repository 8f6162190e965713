"""Journey: the doctor refers up with a place held, the hospital asks, the doctor answers, the
hospital accepts, the resident sees it; then the hospital hands the patient on to the team.
"""

import re

import pytest

from core import clock
from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff
from tests.journeys.signing import TEAM, signed_resident
from tests.journeys.visitor import DESKTOP, Visitor

HOSPITAL, DEPARTMENT = "贵港市人民医院", "心血管内科"
DESK = re.compile("预约$")
INBOX = "转诊"


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_up_with_a_question_and_down_again(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    resident, doctor, desk = visit(), visit(), visit()
    somebody = signed_resident(resident, doctor, newcomers, staff)
    staff.sign_in(desk, "demo-registrar", DESK)

    send_up(doctor, somebody.name)
    doctor.see("保留了号", "血压 168/98", "号保留到")

    open_from_inbox(desk, somebody.name)
    desk.see("血压 168/98", "诊断不明确", TEAM)
    desk.main.locator("summary", has_text="提出问题").click()
    desk.main.get_by_label("问题").first.fill("近期肾功能结果？")
    desk.press("提出问题")
    desk.see("问题已发给转出方", "待转出方回答")

    open_from_inbox(doctor, somebody.name, sent=True)
    doctor.see("近期肾功能结果？")
    doctor.fill("回答", "肌酐 88，正常")
    doctor.press("回答问题")
    doctor.see("回答已发给对方")

    open_from_inbox(desk, somebody.name)
    desk.see("肌酐 88，正常")
    desk.press("接收")
    desk.see("已接收，转出方和患者会收到消息")

    resident.go("/appointments/referrals/mine", "我的转诊")
    resident.follow(re.compile(DEPARTMENT), resident.main)
    resident.arrive("转诊进展")
    resident.see("对方已接收，请按时前往", HOSPITAL, "来时请带", "谢绝转诊")
    resident.miss("肌酐 88，正常", "血压 168/98")

    desk.press("患者到诊")
    desk.see("已记录患者到诊")
    desk.fill("诊疗情况和建议", "已调整用药")
    desk.press("反馈并完成")
    desk.see("这份转诊完成了")
    hand_down(desk, somebody.name)

    open_from_inbox(doctor, somebody.name)
    doctor.see("每两周随访", "氨氯地平", "需要留意的")
    doctor.press("接收")
    doctor.see("已接收")


def send_up(doctor: Visitor, name: str) -> None:
    """From the resident's page: the hospital, the department, the form."""
    doctor.go("/family-doctor/panel", "我的居民")
    doctor.fill("姓名、身份证后四位、村屯", name)
    doctor.press("搜索")
    doctor.follow(name)
    doctor.arrive(name)
    doctor.follow("转诊", doctor.main)
    doctor.arrive(f"为{name}转诊")
    doctor.choose("医院", HOSPITAL)
    doctor.page.wait_for_url("**institution_id=*")
    doctor.arrive(f"为{name}转诊")
    doctor.choose("科室", DEPARTMENT)
    doctor.page.wait_for_url(re.compile("department_id=[0-9a-f]"))
    doctor.arrive(f"为{name}转诊")
    doctor.main.get_by_text("加急").first.click()
    doctor.main.get_by_label(re.compile("诊断不明确")).check()
    doctor.fill("转诊原因", "血压控制不佳，请专科评估")
    doctor.fill("病情摘要", "高血压三年，血压 168/98，氨氯地平 5 mg")
    doctor.press("发出转诊")
    doctor.arrive(name)


def open_from_inbox(visitor: Visitor, name: str, *, sent: bool = False) -> None:
    """The referral of this person by the list that shows it."""
    visitor.go("/appointments/referrals/", INBOX)
    if sent:
        visitor.follow("发出的", visitor.main)
        visitor.arrive(INBOX)
    visitor.follow(re.compile(f"查看.*{re.escape(name)}"), visitor.main)
    visitor.arrive(name)


def hand_down(desk: Visitor, name: str) -> None:
    """From the day list of the visit back to the team."""
    when = desk.main.locator("dl.facts").last.inner_text()
    month, day = map(int, re.findall(r"(\d+)月(\d+)日", when)[0])
    today = clock.today()
    date = f"{today.year + (month < today.month)}-{month:02d}-{day:02d}"
    desk.go(f"/appointments/day-list?date={date}", DESK)
    desk.fill("姓名、身份证后四位或号序", name)
    desk.press("搜索")
    desk.follow(re.compile("下转"), desk.main)
    desk.arrive(f"把{name}转回基层")
    desk.fill("下转原因", "病情稳定")
    desk.fill("治疗和随访方案", "每两周随访一次")
    desk.fill("用药", "氨氯地平 5 mg 每日一次")
    desk.fill("需要留意的", "血压高于 180/110 时上转")
    desk.press("发出下转")
    desk.arrive(name)
    desk.see("下转已发出")
