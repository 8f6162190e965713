"""Journey: a doctor opens the panel, filters who is late, keeps the filter, opens a resident."""

import re

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.people import Staff
from tests.journeys.signing import TODAY
from tests.journeys.visitor import DESKTOP


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_who_is_late_kept_as_a_filter(visit: Visit, staff: Staff) -> None:
    doctor = visit()
    staff.sign_in(doctor, "demo-leader", TODAY)
    doctor.go("/family-doctor/panel", "我的居民")
    doctor.see("全部居民", "久未联系", "即将到期")
    doctor.follow(re.compile("有逾期"), doctor.main)
    doctor.see("有服务过了最晚的日期", "清除筛选")
    doctor.main.locator("summary", has_text="保存这组筛选").click()
    doctor.fill("名称", "要跟进的")
    doctor.press("保存筛选")
    doctor.see("筛选已保存")
    doctor.go("/family-doctor/panel", "我的居民")
    doctor.follow(re.compile("要跟进的"), doctor.main)
    name = doctor.main.locator("tbody th a").first.inner_text()
    doctor.follow(name, doctor.main)
    doctor.arrive(name)
    doctor.see("逾期", "健康标签", "谁可以代办", "履约指数")
