"""The screens and files of the business analysis, and its API."""

import csv
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Role
from core.models import AuditEvent
from family_doctor.schemas import AnalysisTab
from residents.models import Person
from tests.factories.analysis import MOVED, SECOND_VILLAGE, Analysed, make_analysed, make_manager
from tests.factories.directory import CITY, COUNTY, TOWNSHIP

SignedIn = Callable[[UUID], FlaskClient]
URL = "/family-doctor/analysis/"
API = "/api/v1/family-doctor/analysis"


@pytest.fixture
def world(session: Session) -> Analysed:
    return make_analysed(session)


@pytest.fixture
def keeper(session: Session, world: Analysed, signed_in: SignedIn) -> FlaskClient:
    """Who administers the institution."""
    return signed_in(make_manager(session, world.institution.id).id)


@pytest.fixture
def analyst(session: Session, world: Analysed, signed_in: SignedIn) -> FlaskClient:
    return signed_in(make_manager(session, CITY, role=Role.ANALYST).id)


def page(client: FlaskClient, path: str = URL, **query: str) -> str:
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_every_tab_draws_in_both_languages_with_few_statements(
    keeper: FlaskClient, analyst: FlaskClient, count_statements: Callable[[], Any]
) -> None:
    page(keeper)
    for client in (keeper, analyst):
        for tab in AnalysisTab:
            for language in ("zh", "en"):
                with count_statements() as statements:
                    text = page(client, tab=tab, lang=language, division=COUNTY)
                assert len(statements) <= 8, statements.statements
                assert "<table" in text


def test_figures_lead_to_the_list_and_names_to_the_place(keeper: FlaskClient) -> None:
    text = page(keeper, tab="endings", division=COUNTY)
    assert f"division={TOWNSHIP}" in text
    assert "figure=ended" in text
    assert "reason=moved" in text
    people = page(keeper, f"{URL}people", figure="ended", division=TOWNSHIP, reason="moved")
    assert MOVED in people
    assert "迁出本地" in people
    assert "没有符合的签约" in page(keeper, f"{URL}people", figure="kept")


def test_an_institution_opens_from_above(
    analyst: FlaskClient, world: Analysed, count_statements: Callable[[], Any]
) -> None:
    unit = {"institution_id": str(world.institution.id)}
    assert unit["institution_id"] in page(analyst, tab="providers")
    for tab in ("contracts", "services", "endings", "providers"):
        with count_statements() as statements:
            text = page(analyst, tab=tab, **unit)
        assert len(statements) <= 8, statements.statements
        assert "people" not in text.partition("<main")[2]
        assert "tab=residents" not in text
    assert f"team_id={world.team.id}" in text
    assert "<5*" in page(analyst, f"{URL}export.csv", **unit)


def test_an_analyst_is_led_to_no_list(analyst: FlaskClient) -> None:
    text = page(analyst)
    assert "&lt;5*" in text
    assert "people" not in text.partition("<main")[2]
    assert SECOND_VILLAGE not in page(analyst, division=TOWNSHIP)
    assert analyst.get(f"{URL}people").status_code == 403
    assert analyst.get(f"{URL}people.csv").status_code == 403
    assert analyst.get(URL, query_string={"start": "2026-01-02"}).status_code in (400, 422)


def test_both_files_carry_the_tables_and_are_in_the_audit(
    keeper: FlaskClient, session: Session
) -> None:
    answer = keeper.get(f"{URL}export.csv", query_string={"tab": "endings"})
    assert answer.status_code == 200
    rows = list(csv.reader(StringIO(answer.data.decode("utf-8-sig"))))
    assert ["本期结束的签约，按原因", "迁出本地", "本期结束", "1", "0"] in rows
    book = load_workbook(BytesIO(keeper.get(f"{URL}export.xlsx").data))
    cells = [row[:4] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert ("合计", None, "期末在签", 15) in cells or ("合计", "", "期末在签", 15) in cells
    people = keeper.get(f"{URL}people.xlsx", query_string={"figure": "ended"})
    names = [row[0] for row in load_workbook(BytesIO(people.data)).worksheets[0].values]
    assert MOVED in names
    events = session.scalars(select(AuditEvent.action).where(AuditEvent.action.contains("analys")))
    assert sorted(events) == [
        "family_doctor:export-analysis",
        "family_doctor:export-analysis",
        "family_doctor:export-analysis",
        "family_doctor:list-analysed",
    ]


def test_no_name_can_act_as_a_formula(keeper: FlaskClient, session: Session) -> None:
    person = session.scalars(select(Person).where(Person.name == MOVED)).one()
    person.name = "=1+1"
    session.commit()
    answer = keeper.get(f"{URL}people.csv", query_string={"figure": "ended"})
    assert "'=1+1" in answer.data.decode("utf-8-sig")


def test_the_api_says_the_same(
    session: Session, world: Analysed, bearer: Callable[[UUID], dict[str, str]], app: Any
) -> None:
    keeper = bearer(make_manager(session, world.institution.id).id)
    client = app.test_client()
    found = client.get(API, query_string={"tab": "endings"}, headers=keeper).get_json()
    assert found["figures"]["ended"] == {"now": 2, "before": 0}
    listed = client.get(f"{API}/people", query_string={"figure": "ended"}, headers=keeper)
    assert {each["end_reason"] for each in listed.get_json()["items"]} == {"moved", "own_wish"}
    governor = bearer(make_manager(session, CITY).id)
    assert client.get(f"{API}/people", headers=governor).status_code == 403
    # Behind who is registered there is no list, and no two tables are multiplied for one.
    registered = client.get(f"{API}/people?figure=registered", headers=keeper)
    assert registered.status_code == 422
