"""Journey 5: the analyst sees the region's figures move, drills into them and takes them along."""

import csv
import re
from io import BytesIO

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.people import Newcomers, Staff, join
from tests.journeys.signing import TOWNSHIP
from tests.journeys.visitor import DESKTOP, Visitor

CITY, COUNTY = "贵港市 · 卫生健康总览", "港北区 · 卫生健康总览"
# Somewhere in the county, as the map knows it.
LONGITUDE, LATITUDE = 109.6, 23.3
# Where the drawn map has that place, in pixels of its picture.
PLACE_ON_MAP = """(figure, [longitude, latitude]) => {
  const drawn = [...figure.querySelectorAll("*")].find(e => echarts.getInstanceByDom(e));
  return echarts.getInstanceByDom(drawn).convertToPixel({seriesIndex: 0}, [longitude, latitude]);
}"""


def test_an_analyst_drills_from_the_map_to_the_townships_and_back(
    visit: Visit, staff: Staff
) -> None:
    analyst = visit()
    staff.sign_in(analyst, "demo-analyst", CITY)
    analyst.see("登记居民", "家庭医生签约率", "重点人群签约率", "计算于", "示例", "审图号")
    figure = analyst.main.locator("figure[data-chart]").first
    expect(figure.locator("canvas, svg").first).to_be_visible()
    figure.scroll_into_view_if_needed()
    x, y = figure.evaluate(PLACE_ON_MAP, [LONGITUDE, LATITUDE])
    figure.locator("canvas, svg").first.click(position={"x": x, "y": y})
    analyst.arrive(COUNTY)
    analyst.see(TOWNSHIP, "<5*")
    analyst.follow("贵港市", analyst.main)
    analyst.arrive(CITY)
    analyst.follow("基层医疗")
    analyst.arrive(re.compile("^贵港市"))
    analyst.see("履约指数")
    analyst.main.get_by_label("月份").select_option(index=1)
    analyst.page.wait_for_url("**period=*")
    analyst.arrive(re.compile("^贵港市"))


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_the_table_is_taken_along_as_csv_and_xlsx(visit: Visit, staff: Staff) -> None:
    analyst = visit()
    staff.sign_in(analyst, "demo-analyst", CITY)
    text = analyst.download("CSV").decode("utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == [CITY]
    assert any(row[:2] == ["450802", "港北区"] for row in rows)
    book = load_workbook(BytesIO(analyst.download("XLSX")))
    values = [value for row in book.worksheets[0].iter_rows(values_only=True) for value in row]
    assert {CITY, "450802", "港北区"} <= set(values)


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_a_new_resident_counts_after_the_next_computation(
    visit: Visit, newcomers: Newcomers, staff: Staff
) -> None:
    analyst = visit()
    staff.sign_in(analyst, "demo-analyst", CITY)
    before = residents(analyst)
    join(visit(), newcomers.new(), TOWNSHIP)
    analyst.portal.command("statistics", "compute")
    analyst.page.reload()
    analyst.arrive(CITY)
    assert residents(analyst) > before


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_an_analyst_sees_nobody(visit: Visit, staff: Staff) -> None:
    analyst = visit()
    staff.sign_in(analyst, "demo-analyst", CITY)
    for path in ("/family-doctor/panel", "/service-records/", "/appointments/day-list"):
        analyst.go(path, "没有权限")
        analyst.see("您没有这个角色")


def residents(analyst: Visitor) -> int:
    """The figure of registered residents."""
    figure = analyst.main.locator("dt", has_text="登记居民").locator("xpath=following-sibling::dd")
    return int(figure.first.inner_text().replace(",", ""))
