"""Journey: managers see how signing stands, drill to a place and its people, and take it along."""

import csv
import re
from io import BytesIO

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import Staff
from tests.journeys.signing import TODAY, TOWNSHIP
from tests.journeys.visitor import DESKTOP

CITY, COUNTY = "贵港市", "港北区"
OVERVIEW, ANALYSIS = re.compile("^总览"), "/family-doctor/analysis/"


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_managers_drill_to_a_township_and_its_leader_to_the_list(
    visit: Visit, staff: Staff
) -> None:
    governor = visit()
    staff.sign_in(governor, "demo-admin", OVERVIEW)
    governor.go(f"{ANALYSIS}?tab=endings", CITY)
    figure = governor.main.locator("figure[data-chart]").first
    expect(figure.locator("canvas, svg").first).to_be_visible()
    governor.follow(COUNTY, governor.main)
    governor.arrive(COUNTY)
    governor.follow(TOWNSHIP, governor.main)
    governor.arrive(TOWNSHIP)
    governor.see("<5*")
    expect(governor.main.get_by_role("link", name="看名单")).to_have_count(0)
    governor.follow("机构与团队")
    governor.arrive("机构与团队")
    name = governor.main.locator("tbody th a").first.inner_text()
    governor.follow(name, governor.main)
    governor.arrive(name)
    governor.see("<5*")
    governor.follow(TOWNSHIP, governor.main)
    governor.arrive("机构与团队")

    leader = visit()
    staff.sign_in(leader, "demo-leader", TODAY)
    leader.tab("签约分析")
    leader.arrive("签约")
    leader.follow("到期与结束")
    leader.arrive("到期与结束")
    leader.follow(COUNTY, leader.main)
    leader.arrive(COUNTY)
    leader.follow(TOWNSHIP, leader.main)
    leader.arrive(TOWNSHIP)
    ended = leader.main.locator("dl.figures dd.value").first
    count = int(ended.inner_text())
    leader.follow(str(count), ended)
    leader.arrive("本期结束")
    rows = list(csv.reader(leader.download("CSV").decode("utf-8-sig").splitlines()))
    named = [row for row in rows if len(row) > 9 and row[0] != "姓名"]
    assert len(named) == count
    leader.follow("签约分析", leader.main)
    leader.arrive(TOWNSHIP)
    book = load_workbook(BytesIO(leader.download("XLSX")))
    values = [value for row in book.worksheets[0].iter_rows(values_only=True) for value in row]
    assert "本期结束的签约，按原因" in values
