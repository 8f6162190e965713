import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Role
from core.models import AuditEvent
from directory.models import Division
from gov_stats import ports
from gov_stats.periods import Month
from gov_stats.ports import RegionMap, provide_map
from gov_stats.schemas import Tab
from tests.factories.directory import CITY, COUNTY, OTHER_COUNTY, TOWNSHIP
from tests.factories.gov_stats import MONTH, SECOND_TOWNSHIP, make_analyst, make_figures
from tests.factories.residents import make_resident

SignedIn = Callable[[UUID], FlaskClient]
URL = "/statistics/"


@pytest.fixture(autouse=True)
def figures(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    make_figures(session, monkeypatch, MONTH)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A map of the small region's counties."""
    monkeypatch.setattr(ports, "_provider", None)
    square = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}
    features = [
        {"type": "Feature", "properties": {"code": code, "name": code}, "geometry": square}
        for code in (COUNTY, OTHER_COUNTY)
    ]
    boundaries = {"type": "FeatureCollection", "features": features}
    provide_map(lambda: RegionMap(boundaries, "审图号待领", "Review number pending"))
    yield


@pytest.fixture
def analyst(session: Session, signed_in: SignedIn) -> FlaskClient:
    return signed_in(make_analyst(session).id)


def page(client: FlaskClient, **query: str) -> str:
    answer = client.get(URL, query_string={"period": str(MONTH), **query})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_overview_has_six_figures_with_yardsticks(analyst: FlaskClient) -> None:
    text = page(analyst)
    assert "试验市 · 卫生健康总览" in text
    for name in (
        "登记居民",
        "家庭医生签约率",
        "重点人群签约率",
        "履约指数",
        "预约量",
        "服务包销售额",
    ):
        assert f"<dt>{name}</dt>" in text
    assert "30.8%" in text
    assert "参考 45.0%（待核实）" in text
    assert "归属完整 100.0%" in text
    assert "2026年3月" in text


@pytest.mark.parametrize("tab", list(Tab))
def test_every_tab_draws_in_both_languages(analyst: FlaskClient, tab: Tab) -> None:
    for language in ("zh", "en"):
        for division in (CITY, COUNTY, TOWNSHIP):
            text = page(analyst, tab=tab, division=division, lang=language)
            pictures = text.count('data-chart="#') + text.count("#eye-off")
            assert pictures == (2 if division == TOWNSHIP else 3)


def test_hidden_figures_show_one_mark(analyst: FlaskClient) -> None:
    text = page(analyst, tab=Tab.PRIMARY_CARE, division=COUNTY)
    assert text.count("&lt;5*") >= 2
    assert "30.0%" not in text, "the second township would give the third away"


def test_the_map_leads_down_and_the_path_leads_up(analyst: FlaskClient, drawn: None) -> None:
    city = page(analyst)
    assert '"map_url": "/statistics/boundaries.json"' in city
    assert "审图号待领" in city
    assert f"division={OTHER_COUNTY}" in city
    county = page(analyst, division=COUNTY)
    assert "map_url" not in county, "townships are ranked: their outlines are not drawn"
    assert f"division={SECOND_TOWNSHIP}" in county
    township = page(analyst, division=TOWNSHIP)
    assert f"division={COUNTY}" in township
    outlines = analyst.get("/statistics/boundaries.json")
    assert len(outlines.get_json()["features"]) == 2


def test_without_a_map_divisions_are_ranked(
    analyst: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_provider", None)
    assert "map_url" not in page(analyst)
    assert analyst.get("/statistics/boundaries.json").status_code == 404


def test_a_month_without_figures_says_so(analyst: FlaskClient) -> None:
    text = page(analyst, period="2020-01")
    assert "2020年1月还没有计算" in text
    assert "export" not in text


def test_the_month_before_is_the_yardstick_of_a_count(
    session: Session, analyst: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "上月不可比" in page(analyst)
    facts = make_figures(session, monkeypatch, MONTH.back(1))
    assert "与上月持平" in page(analyst)
    facts.people.append((TOWNSHIP, "", 20))
    make_figures(session, monkeypatch, MONTH.back(2))
    assert "与上月持平" in page(analyst)


def test_a_page_takes_few_statements(
    analyst: FlaskClient, count_statements: Callable[[], Any]
) -> None:
    with count_statements() as statements:
        page(analyst)
    assert len(statements) <= 8


@pytest.mark.parametrize("outside", [CITY, OTHER_COUNTY])
def test_an_analyst_of_one_county_sees_no_other(
    session: Session, signed_in: SignedIn, outside: str
) -> None:
    client = signed_in(make_analyst(session, COUNTY).id)
    assert "甲县" in page(client)
    for path in (URL, "/statistics/export.csv"):
        assert client.get(path, query_string={"division": outside}).status_code == 403
    assert f"division={CITY}" not in page(client), "no way up where there is no grant"


def test_residents_are_refused(session: Session, signed_in: SignedIn) -> None:
    resident, _ = make_resident(session)
    session.commit()
    client = signed_in(resident.id)
    for path in (URL, "/statistics/export.csv", "/statistics/boundaries.json"):
        assert client.get(path).status_code == 403


def test_strangers_sign_in_first(client: FlaskClient) -> None:
    assert client.get(URL).status_code == 302


def test_an_administrator_reads_their_division(session: Session, signed_in: SignedIn) -> None:
    client = signed_in(make_analyst(session, COUNTY, role=Role.ADMINISTRATOR).id)
    assert "甲县" in page(client)


def exported(client: FlaskClient, kind: str, **query: str) -> bytes:
    answer = client.get(f"/statistics/export.{kind}", query_string={"period": str(MONTH), **query})
    assert answer.status_code == 200
    assert f"-{MONTH}.{kind}" in answer.headers["Content-Disposition"]
    return bytes(answer.data)


def test_csv_carries_the_table_and_how_to_read_it(analyst: FlaskClient, session: Session) -> None:
    data = exported(analyst, "csv", tab=Tab.PRIMARY_CARE, division=COUNTY)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == ["甲县 · 家庭医生签约与履约"]
    assert ["月份", "2026年3月"] in rows
    assert any(row[:1] == ["隐藏规则"] for row in rows)
    table = {row[0]: row for row in rows if row and row[0].isdigit()}
    assert set(table) == {COUNTY, TOWNSHIP, SECOND_TOWNSHIP, "990102003"}
    assert table[TOWNSHIP][1:3] == ["一镇", "40.0"]
    assert table[SECOND_TOWNSHIP][2] == "<5*"
    assert any(row[:1] == ["PR05"] for row in rows)
    events = session.scalars(select(AuditEvent.action).where(AuditEvent.action.contains("export")))
    assert list(events) == ["gov_stats:export"]


def test_xlsx_carries_the_same(analyst: FlaskClient) -> None:
    book = load_workbook(BytesIO(exported(analyst, "xlsx", division=COUNTY)))
    table, legend = book.worksheets
    cells = {row[0]: row for row in table.iter_rows(values_only=True)}
    assert cells[COUNTY][2] == 300
    assert cells["计算时间"][1]
    assert legend.cell(2, 1).value == "PT01"


def test_no_name_can_act_as_a_formula(analyst: FlaskClient, session: Session) -> None:
    session.get_one(Division, TOWNSHIP).name = '=HYPERLINK("http://evil","x")'
    session.commit()
    text = exported(analyst, "csv", division=COUNTY).decode("utf-8-sig")
    assert "\"'=HYPERLINK(" in text
    book = load_workbook(BytesIO(exported(analyst, "xlsx", division=COUNTY)))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


def test_the_running_month_is_offered_and_the_shown_one_chosen(
    session: Session, signed_in: SignedIn
) -> None:
    with clock.shifted(timedelta(days=800)):
        text = page(signed_in(make_analyst(session).id))
        assert f'<option value="{Month.current()}">' in text
        assert f'<option value="{MONTH}" selected>' in text


def test_english_reads_english(analyst: FlaskClient) -> None:
    text = page(analyst, lang="en")
    assert "Family-doctor contract rate" in text
    assert "March 2026" in text
    assert "Health overview" in text
