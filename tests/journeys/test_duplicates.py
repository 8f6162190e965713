"""Two records are compared, merged, found by the old number, and parted again."""

import re

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.people import Staff
from tests.journeys.visitor import DESKTOP

HOME = "总览"
LIST = "疑似重复的档案"


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_two_records_of_one_person_are_merged_and_parted_again(visit: Visit, staff: Staff) -> None:
    administrator = visit()
    staff.sign_in(administrator, "demo-admin", HOME)
    administrator.go("/residents/duplicates/", LIST)
    pair = administrator.main.get_by_role("row").filter(has_text="手机号相同").first
    pair.get_by_role("link", name=re.compile("^比对")).click()
    administrator.arrive("比对两份档案")
    administrator.see("等待判断", re.compile("手机号相同"))
    number = administrator.main.get_by_role("row").filter(has_text="身份证号").first
    second = number.get_by_role("cell").nth(1).inner_text()
    name = administrator.main.get_by_role("row").filter(has_text="姓名").get_by_role("cell").first
    called = name.inner_text()
    address = administrator.page.url

    administrator.main.get_by_label("说明").fill("看过身份证原件，第二份录错一位。")
    administrator.press("合并为一份")
    administrator.see("已合并为一份", re.compile("把两份合并为一份"))
    administrator.go(f"/residents/find?number={second}", "按号码找居民")
    administrator.see(called)
    administrator.follow(re.compile("^证件和编码"), administrator.main)
    administrator.arrive(f"{called}的证件和编码")
    administrator.see("合并前的号码")

    administrator.page.goto(address)
    administrator.arrive("比对两份档案")
    administrator.ask("撤销合并", "撤销这次合并吗？")
    administrator.press("撤销合并")
    administrator.see("合并已撤销", "等待判断")
