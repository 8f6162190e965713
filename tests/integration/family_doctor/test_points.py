"""Schemes of performance points: versions from a day on, by whom, and the month they would give."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Role
from core.errors import Denied, Invalid
from core.ids import new_id
from family_doctor.figures import give_points, total_of
from family_doctor.models import PointScheme, Report
from family_doctor.periods import ended_periods, period_around, period_before
from family_doctor.queries.points import scheme_of, schemes_on
from family_doctor.queries.rules import region_code
from family_doctor.schemas import FigureCode, FigureValue, MakeScheme, ReportKind, SchemeValues
from family_doctor.services.points import make_scheme
from family_doctor.services.reports import make_reports
from tests.factories.auth import actor_for, make_account
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_basic_pack, make_contract
from tests.factories.residents import make_person
from tests.integration.family_doctor.test_reports import Browser

Bearer = Callable[[UUID], dict[str, str]]
VALUES = {"signed": "10", "renewed": "3", "service": "2", "in_time": "1", "late": "4",
          "disputed": "5"}  # fmt: skip


@pytest.fixture
def team(session: Session) -> tuple[UUID, UUID]:
    """A team that signed one contract last month, with its report: (institution, team)."""
    month = period_before(period_around(ReportKind.MONTH, clock.today()))
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team, starts_on=month.starts_on)
    contract.applied_at = contract.signed_at = clock.at(month.starts_on, 12)
    session.flush()
    make_reports(session, month, {team.id})
    return team.institution_id, team.id


def _administrator(session: Session, unit: UUID | str) -> UUID:
    return make_account(session, roles={Role.ADMINISTRATOR: [str(unit)]}).id


def test_points_of_a_kind_go_before_the_general_ones_and_no_line_is_of_nothing() -> None:
    figures = {
        FigureCode.SERVICES: FigureValue(count=5, items={"A": 2, "B": 3}),
        FigureCode.LATE: FigureValue(count=2),
    }
    lines = give_points(figures, SchemeValues(service=1, late=3, signed=9, items={"A": 4}))
    assert [(line.of, line.item_code, line.sum) for line in lines] == [
        ("item", "A", 8),
        ("service", "", 3),
        ("late", "", -6),
    ]
    assert total_of(lines) == 5


@pytest.mark.parametrize("kind", list(ReportKind))
def test_periods_follow_each_other_without_a_gap(kind: ReportKind) -> None:
    ended = ended_periods(kind, clock.now(), 30)
    for newer, older in itertools.pairwise(ended):
        assert older.ends_on + timedelta(days=1) == newer.starts_on
        assert older.ends_at == newer.begins_at
    # The morning after it is due, and not a minute before.
    last = ended[0]
    morning = clock.at(last.ends_on + timedelta(days=1), 6)
    assert ended_periods(kind, morning, 1) == [last]
    assert ended_periods(kind, morning - timedelta(minutes=1), 1) == [period_before(last)]


def test_an_institution_has_its_own_versions_each_from_a_day_on(
    session: Session, team: tuple[UUID, UUID]
) -> None:
    institution, _ = team
    own = actor_for(session, _administrator(session, institution))
    top = actor_for(session, _administrator(session, region_code(session)))
    today = clock.today()
    whole = make_scheme(session, top, MakeScheme(valid_from=today, signed=1))
    first = make_scheme(
        session, own, MakeScheme(institution_id=institution, valid_from=today, signed=2)
    )
    later = make_scheme(
        session,
        own,
        MakeScheme(institution_id=institution, valid_from=today + timedelta(days=5), signed=3),
    )
    assert (whole.number, first.number, later.number) == (1, 1, 2)
    for days, expected in ((0, first.id), (4, first.id), (5, later.id)):
        holds = scheme_of(schemes_on(session, today + timedelta(days=days)), institution)
        assert holds
        assert holds.id == expected
    other = scheme_of(schemes_on(session, today), new_id())
    assert other
    assert other.id == whole.id
    with pytest.raises(Denied):
        make_scheme(session, own, MakeScheme(valid_from=today))
    with pytest.raises(Invalid, match="day_past"):
        make_scheme(session, top, MakeScheme(valid_from=today - timedelta(days=1)))
    with pytest.raises(Invalid, match="unknown_item"):
        make_scheme(session, top, MakeScheme(valid_from=today, items={"NONE": 1}))


def test_the_pages_show_last_month_by_the_new_values_and_keep_them_once(
    session: Session, team: tuple[UUID, UUID], signed_in: Browser
) -> None:
    make_basic_pack(session)
    institution, team_id = team
    browser = signed_in(_administrator(session, institution))
    at = "/family-doctor/points"
    assert "还没有积分方案" in browser.get(f"{at}/").text
    assert browser.get(f"{at}/new").status_code == 403
    assert browser.get(f"{at}/new?institution_id={institution}").status_code == 200
    values = VALUES | {"institution_id": str(institution), "item-T01": "7", "_once": "a"}
    seen = browser.post(f"{at}/preview", data=values)
    assert seen.status_code == 200
    assert "+10" in seen.text
    schemes = select(func.count()).select_from(PointScheme)
    assert session.scalar(schemes) == 0
    past = values | {"valid_from": (clock.today() - timedelta(days=1)).isoformat(), "_once": "b"}
    refused = browser.post(f"{at}/new", data=past)
    assert refused.status_code == 422
    assert "生效日期不能早于今天" in refused.text
    wrong = browser.post(f"{at}/new", data=values | {"item-T01": "x", "_once": "c"})
    assert wrong.status_code == 422
    good = values | {"valid_from": clock.today().isoformat(), "_once": "d"}
    for _ in range(2):
        made = browser.post(f"{at}/new", data=good, follow_redirects=True)
        assert "已保存" in made.text
    assert session.scalar(schemes) == 1
    kept = session.scalars(select(PointScheme)).one()
    assert kept.document["items"] == {"T01": 7}
    assert str(kept.id) in browser.get(f"{at}/").text
    # What was made before stays as it was.
    report = session.scalars(
        select(Report).where(Report.team_id == team_id, Report.staff_id.is_(None))
    ).one()
    assert (report.total, report.scheme_id) == (0, None)


def test_the_same_by_the_api(
    session: Session, team: tuple[UUID, UUID], client: FlaskClient, bearer: Bearer
) -> None:
    institution, team_id = team
    own = bearer(_administrator(session, institution))
    api = "/api/v1/family-doctor"

    def answer(method: str, path: str, **more: Any) -> Any:
        return client.open(f"{api}{path}", method=method, headers=own, **more).json

    values = {"institution_id": str(institution), "signed": 10}
    preview = answer("POST", "/point-schemes/preview", json=values)
    assert [line["proposed"] for line in preview["lines"]] == [10]
    holds = values | {"valid_from": clock.today().isoformat()}
    made = answer("POST", "/point-schemes", json=holds)
    assert answer("GET", f"/point-schemes/{made['id']}") == made
    listed = answer("GET", "/point-schemes")
    assert [(each["id"], each["in_force"]) for each in listed["items"]] == [(made["id"], True)]
    report = answer("GET", "/reports?kind=month")["items"][0]
    assert report["team_id"] == str(team_id)
    assert answer("GET", f"/reports/{report['id']}")["points"] == []
    rows = answer("GET", f"/reports/{report['id']}/figures/signed")["items"]
    assert len(rows) == report["figures"]["signed"]["count"] == 1
    again = answer("POST", f"/reports/{report['id']}/remake")
    assert again == {"report_id": report["id"], "edition": 1, "changed": False}
