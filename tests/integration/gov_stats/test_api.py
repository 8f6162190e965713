from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Role
from core.models import AuditEvent
from tests.factories.directory import CITY, COUNTY, OTHER_COUNTY, TOWNSHIP, make_institution
from tests.factories.gov_stats import (
    MONTH,
    SECOND_TOWNSHIP,
    THIRD_TOWNSHIP,
    make_analyst,
    make_figures,
)
from tests.factories.residents import make_resident

URL = "/api/v1/statistics/indicators"
Bearer = Callable[[UUID], dict[str, str]]


@pytest.fixture(autouse=True)
def figures(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    make_figures(session, monkeypatch)


def test_indicators_say_how_they_are_reckoned(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    answer = client.get(URL, headers=bearer(make_analyst(session).id))
    indicators = {item["code"]: item for item in answer.get_json()["items"]}
    assert indicators["PR05"]["formula_en"].endswith("registered in this portal × 100")
    assert indicators["PR05"]["yardstick_estimate"] is True
    assert indicators["HR01"]["yardstick_year"] == 2024
    assert indicators["HR01"]["provenance"].startswith("read: ")


def test_an_indicator_comes_with_the_divisions_below(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    headers = bearer(make_analyst(session).id)
    answer = client.get(f"{URL}/PR05?division={COUNTY}&period={MONTH}", headers=headers)
    body = answer.get_json()
    assert body["figure"]["numerator"] == 73
    assert body["figure"]["denominator"] == 300
    assert body["figure"]["division_name"] == "甲县"
    assert body["figure"]["computed_at"]
    below = {figure["division_code"]: figure for figure in body["children"]}
    assert float(below[TOWNSHIP]["value"]) == 40
    for hidden in (SECOND_TOWNSHIP, THIRD_TOWNSHIP):
        assert below[hidden]["suppressed"] is True
        assert below[hidden]["numerator"] is below[hidden]["value"] is None


def test_without_a_query_the_own_division_and_the_latest_month_answer(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    headers = bearer(make_analyst(session, TOWNSHIP, COUNTY).id)
    figure = client.get(f"{URL}/PT01", headers=headers).get_json()["figure"]
    assert (figure["division_code"], figure["period"]) == (COUNTY, str(MONTH))


@pytest.mark.parametrize("outside", [CITY, OTHER_COUNTY])
def test_an_analyst_of_one_county_sees_no_other(
    client: FlaskClient, session: Session, bearer: Bearer, outside: str
) -> None:
    account = make_analyst(session, COUNTY)
    headers = bearer(account.id)
    assert client.get(f"{URL}/PT01?division={TOWNSHIP}", headers=headers).status_code == 200
    refused = client.get(f"{URL}/PT01?division={outside}", headers=headers)
    assert refused.status_code == 403
    denied = session.scalars(select(AuditEvent).where(AuditEvent.outcome == "denied")).all()
    assert [event.resource_id for event in denied] == [outside]


def test_residents_and_other_staff_are_refused(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    resident, _ = make_resident(session)
    registrar = make_analyst(session, CITY, role=Role.REGISTRAR)
    for account in (resident, registrar):
        for path in (URL, f"{URL}/PT01?division={CITY}"):
            assert client.get(path, headers=bearer(account.id)).status_code == 403
    assert client.get(URL).status_code == 401


def test_an_administrator_of_an_institution_has_no_division_to_read(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    institution = make_institution(session)
    headers = bearer(make_analyst(session, str(institution.id), role=Role.ADMINISTRATOR).id)
    assert client.get(f"{URL}/PT01", headers=headers).status_code == 403
    assert client.get(f"{URL}/PT01?division={TOWNSHIP}", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/XX99", 404, "unknown_indicator"),
        ("/%00", 404, "unknown_indicator"),
        ("/PT01?division=110101", 404, "unknown_division"),
        ("/PT01?period=2001-01", 404, "not_computed"),
        ("/PT01?period=2026", 422, "invalid"),
        ("/PT01?division=abc", 422, "invalid"),
    ],
)
def test_what_cannot_be_answered_says_why(
    client: FlaskClient, session: Session, bearer: Bearer, path: str, status: int, code: str
) -> None:
    answer = client.get(URL + path, headers=bearer(make_analyst(session).id))
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_an_analyst_reaches_nothing_about_a_person(
    client: FlaskClient, session: Session, bearer: Bearer
) -> None:
    _, person = make_resident(session)
    session.commit()
    headers = bearer(make_analyst(session).id)
    for path in (
        f"/api/v1/residents/people/{person.id}",
        "/api/v1/family-doctor/contracts",
        "/api/v1/service-packs/entitlements",
        "/api/v1/appointments/bookings",
    ):
        answer = client.get(path, headers=headers)
        assert answer.status_code in (403, 404) or answer.get_json()["items"] == []
