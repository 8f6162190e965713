"""Work reports: frozen figures, the rows behind each, points, and who is told and may see what."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from core.errors import Denied
from core.ids import new_id
from core.searching import SearchQuery
from family_doctor import jobs
from family_doctor.models import (
    Contract,
    Obligation,
    PointScheme,
    Report,
    ReportRun,
)
from family_doctor.periods import period_around, period_before
from family_doctor.queries.report_rows import list_counted
from family_doctor.queries.reports import get_report, list_reports
from family_doctor.queries.rules import region_code
from family_doctor.queries.served import index_of_team
from family_doctor.schemas import FigureCode, ReportKind, ReportSearch, ServedSearch
from family_doctor.services.reports import make_reports, remake_report
from family_doctor.states import State
from notifications.models import Message
from service_packs.models import Rating, ServiceRecord
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, make_contract, make_service_record
from tests.factories.residents import make_person
from tests.integration.family_doctor.week import Week, look_after, week

__all__ = ["week"]

Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[list[str]]]
MOST_STATEMENTS = 8
ALL = SearchQuery(limit=100)


def _scheme(session: Session, **document: object) -> PointScheme:
    row = PointScheme(
        id=new_id(), division_code=region_code(session), number=1, valid_from=date(2020, 1, 1),
        document=document, made_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _administrator(unit: str) -> Actor:
    return Actor(new_id(), grants={Role.ADMINISTRATOR: frozenset({unit})})


def test_satisfaction_is_what_enough_residents_answered(session: Session, week: Week) -> None:
    staff_id = session.get_one(ServiceRecord, week.followed).staff_id
    for stars, word in ((5, "很耐心"), (4, None), (4, None), (2, "等了很久")):
        rate(session, week, staff_id, stars, word)
    few = get_report(session, actor_of(session, week.leader), week.make(session).id)
    assert (few.answers, few.satisfaction, few.mean_stars, few.said) == (4, None, None, ())
    assert few.figures[FigureCode.RATED].items == {}
    rate(session, week, staff_id, 5, None)
    view = get_report(session, actor_of(session, week.leader), week.make(session).id)
    assert (view.answers, view.satisfaction, view.mean_stars) == (5, 0.8, 4.0)
    assert view.said == ("很耐心", "等了很久")
    assert view.confirmation == 0.5
    rows = list_counted(session, actor_of(session, week.leader), view.id, FigureCode.RATED, ALL)
    assert len(rows.items) == 5


def rate(session: Session, week: Week, staff_id: UUID, stars: int, word: str | None) -> None:
    record_id = make_service_record(session, week.contract, "T01")
    session.get_one(ServiceRecord, record_id).performed_at = week.noon
    session.add(
        Rating(
            record_id=record_id, team_id=week.team.id, staff_id=staff_id, stars=stars, word=word,
            rated_at=week.noon,
        )
    )  # fmt: skip
    session.flush()


def test_a_week_is_counted_and_every_figure_is_as_many_as_its_rows(
    session: Session, week: Week
) -> None:
    report = week.make(session)
    leader = actor_of(session, week.leader)
    view = get_report(session, leader, report.id)
    counts = {code: value.count for code, value in view.figures.items()}
    assert counts == {
        FigureCode.SIGNED: 1,
        FigureCode.RENEWED: 0,
        FigureCode.ENDED: 1,
        FigureCode.SERVICES: 2,
        FigureCode.FOLLOW_UPS: 1,
        FigureCode.IN_TIME: 1,
        FigureCode.LATE: 1,
        FigureCode.CONFIRMED: 1,
        FigureCode.DISPUTED: 1,
        FigureCode.RATED: 0,
        FigureCode.ANSWERED: 1,
        FigureCode.DISPUTES_ANSWERED: 1,
        FigureCode.EMERGENCIES: 1,
        FigureCode.DUE: 2,
        FigureCode.KEPT: 1,  # the other was late
        FigureCode.KEPT_CONFIRMED: 1,
    }
    assert view.figures[FigureCode.ANSWERED].seconds == 3 * 3600
    assert view.figures[FigureCode.DISPUTES_ANSWERED].seconds == 26 * 3600
    assert view.figures[FigureCode.EMERGENCIES].seconds == 20 * 60
    assert (view.served_index, view.in_time_share, view.confirmation) == (0.5, 1.0, 0.5)
    assert (view.answers, view.satisfaction) == (0, None)
    for each in session.scalars(select(Report)).all():
        for code, value in each.figures.items():
            rows = list_counted(session, leader, each.id, code, ALL).items
            assert len(rows) == value["count"], (each.staff_name, code)
            assert not any(row.gone for row in rows)
            timed = [row.seconds for row in rows if row.seconds is not None]
            assert not timed or round(sum(timed) / len(timed)) == value["seconds"]
    # The index is that of the room, where nothing came after the period.
    search = ServedSearch(start=week.period.starts_on, end=week.period.ends_on)
    index = index_of_team(session, leader, week.team.id, search)
    assert (index.due, index.kept, index.late, index.confirmed) == (2, 1, 1, 1)


def test_each_member_has_what_is_put_down_to_them(session: Session, week: Week) -> None:
    week.make(session)
    own = {
        name: {code: value["count"] for code, value in week.report(session, who).figures.items()}
        for name, who in (("leader", week.leader), ("nurse", week.nurse))
    }
    assert own["leader"]["signed"] == own["leader"]["answered"] == own["leader"]["late"] == 1
    assert (own["leader"]["disputed"], own["leader"]["confirmed"]) == (1, 0)
    assert (own["nurse"]["signed"], own["nurse"]["services"], own["nurse"]["in_time"]) == (0, 1, 1)
    assert (own["nurse"]["disputed"], own["nurse"]["confirmed"]) == (0, 1)
    assert "emergencies" not in own["leader"]


def test_what_becomes_of_a_resident_is_put_down_to_who_looked_after_them(
    session: Session, week: Week
) -> None:
    person = make_person(session)
    old = make_contract(session, person, week.team, state=State.RENEWED)
    new = make_contract(session, person, week.team, starts_on=week.period.ends_on)
    new.kind, new.previous_id, new.signed_at = "renewal", old.id, week.noon
    ended = session.scalars(
        select(Contract).where(Contract.team_id == week.team.id, Contract.state == State.TERMINATED)
    ).one()
    begun, late = week.noon - timedelta(days=30), week.noon + timedelta(days=20)
    # The nurse until noon of the third day, then the leader: one service was due before, one after.
    look_after(session, week.contract, week.nurse, begun, week.noon)
    look_after(session, week.contract, week.leader, week.noon, None)
    look_after(session, old, week.nurse, begun, late)
    look_after(session, ended, week.nurse, begun, week.noon)
    week.make(session)
    own = {
        name: {code: value["count"] for code, value in week.report(session, who).figures.items()}
        for name, who in (("leader", week.leader), ("nurse", week.nurse))
    }
    assert (own["nurse"]["due"], own["leader"]["due"]) == (1, 1)
    # The first was done too late to count as kept.
    assert (own["nurse"]["kept"], own["leader"]["kept"]) == (0, 1)
    assert (own["nurse"]["renewed"], own["leader"]["renewed"]) == (1, 0)
    assert (own["nurse"]["ended"], own["leader"]["ended"]) == (1, 0)
    # Signing is still theirs who brought it about.
    assert (own["nurse"]["signed"], own["leader"]["signed"]) == (0, 1)


def test_points_are_shown_line_by_line(session: Session, week: Week) -> None:
    scheme = _scheme(session, signed=10, service=2, in_time=3, late=4, disputed=5, items={"T01": 7})
    report = get_report(session, actor_of(session, week.leader), week.make(session).id)
    said = {
        (str(line.of), line.item_code): (line.count, line.each, line.sum) for line in report.points
    }
    assert said.pop(("signed", "")) == (1, 10, 10)
    assert said.pop(("in_time", "")) == (1, 3, 3)
    assert said.pop(("late", "")) == (1, -4, -4)
    assert said.pop(("disputed", "")) == (1, -5, -5)
    assert sum(count for count, _, _ in said.values()) == 2
    assert report.total == sum(line.sum for line in report.points)
    assert report.scheme_id == scheme.id
    own = get_report(session, actor_of(session, week.nurse), week.report(session, week.nurse).id)
    assert own.total == sum(line.sum for line in own.points)
    assert [line.of for line in own.points][-1] == "in_time"


def test_made_again_it_is_the_same_until_something_comes_late(session: Session, week: Week) -> None:
    first = week.make(session)
    assert make_reports(session, week.period, {week.team.id}) == []
    leader = actor_of(session, week.leader)
    assert not remake_report(session, leader, first.id).changed
    told = select(func.count()).select_from(Message)
    before = session.scalar(told)
    # A service of that week is entered today.
    owed = session.scalars(
        select(Obligation).where(
            Obligation.contract_id == week.contract.id, Obligation.done_at.is_(None)
        )
    ).first()
    assert owed
    week.serve(session, owed, week.nurse)
    again = remake_report(session, leader, first.id)
    assert (again.changed, again.edition) == (True, 2)
    corrected = get_report(session, leader, again.report_id)
    assert {(each.code, each.before, each.after) for each in corrected.changes} == {
        ("services", 2, 3)
    }
    # The first edition stays as it was, and the leader's own report did not change.
    old = get_report(session, leader, first.id)
    assert old.figures[FigureCode.SERVICES].count == 2
    assert [each.edition for each in old.editions] == [2]
    assert week.report(session, week.leader).edition == 1
    assert week.report(session, week.nurse).edition == 2
    assert session.scalar(told) == (before or 0) + 2


def test_what_was_withdrawn_since_is_still_one_of_the_rows(session: Session, week: Week) -> None:
    report = week.make(session)
    session.execute(
        update(Obligation)
        .where(Obligation.service_record_id == week.late)
        .values(done_at=None, service_record_id=None)
    )
    session.delete(session.get_one(ServiceRecord, week.late))
    session.flush()
    leader = actor_of(session, week.leader)
    rows = list_counted(session, leader, report.id, "services", ALL).items
    assert [row.gone for row in rows].count(True) == 1
    assert len(rows) == 2


def test_the_calendar_makes_what_is_missing_once_and_tells_of_the_newest(
    session: Session, week: Week
) -> None:
    # A Monday at nine, so that the last week is over whatever day the test runs.
    monday = clock.at(week.period.ends_on + timedelta(days=8), 9)
    with clock.shifted(monday - clock.now()):
        jobs.make_work_reports()
        newest = period_before(period_around(ReportKind.WEEK, clock.today()))
        made = session.scalars(
            select(Report).where(Report.team_id == week.team.id, Report.staff_id.is_(None))
        ).all()
        weeks = [each.starts_on for each in made if each.kind == "week"]
        # The application of three months ago is before them all.
        assert len(weeks) == len(set(weeks)) == 12
        assert week.period.starts_on in weeks
        assert session.scalar(select(func.count()).select_from(ReportRun)) == 24
        told = session.scalars(select(Message).where(Message.person_id == week.chief.id)).all()
        of_week = next(each for each in made if each.starts_on == newest.starts_on)
        assert f"/family-doctor/reports/{of_week.id}" in {each.link for each in told}
        assert len(told) == 2
        assert len(session.scalars(
            select(Message).where(Message.person_id == week.carer.id)
        ).all()) == 2  # fmt: skip
        reports = select(func.count()).select_from(Report)
        before = session.scalar(reports)
        jobs.make_work_reports()
        jobs.correct_work_reports()
        assert session.scalar(reports) == before


def test_a_batch_that_failed_is_taken_up_where_it_stopped(session: Session, week: Week) -> None:
    other = make_team(session)[0]
    waits = make_contract(session, make_person(session), other, state=State.APPLIED)
    waits.applied_at = week.noon
    session.flush()
    week.make(session)
    first = week.report(session).id
    with clock.shifted(clock.at(week.period.ends_on + timedelta(days=1), 9) - clock.now()):
        jobs.make_work_reports()
    assert week.report(session).id == first
    assert session.scalar(select(Report.id).where(Report.team_id == other.id))


def test_nobody_else_reads_a_report(session: Session, week: Week) -> None:
    team = week.make(session)
    nurses, leaders = week.report(session, week.nurse), week.report(session, week.leader)
    nurse, leader = actor_of(session, week.nurse), actor_of(session, week.leader)
    _, stranger, _ = make_team(session)
    institution = _administrator(str(week.team.institution_id))
    county = _administrator(week.team.division_code)
    elsewhere = _administrator(str(new_id()))
    for actor in (leader, institution, county):
        assert {each.id for each in list_reports(session, actor, ReportSearch()).items} == {team.id}
        for report in (team, nurses, leaders):
            get_report(session, actor, report.id)
    get_report(session, nurse, nurses.id)
    assert [each.id for each in list_reports(session, nurse, ReportSearch(members=True)).items] == [
        nurses.id
    ]
    for actor, report in (
        (nurse, team),
        (nurse, leaders),
        (actor_of(session, stranger), team),
        (elsewhere, nurses),
    ):
        with pytest.raises(Denied):
            get_report(session, actor, report.id)
        with pytest.raises(Denied):
            list_counted(session, actor, report.id, "services", ALL)
    with pytest.raises(Denied):
        remake_report(session, nurse, nurses.id)
    # Who does not look after the residents does not learn their names.
    name = list_counted(session, leader, team.id, "signed", ALL).items[0].person_name
    masked = list_counted(session, institution, team.id, "signed", ALL).items[0]
    assert masked.person_name == f"{name[0]}**"
    assert masked.contract_id is None


def test_the_pages_of_a_report(
    session: Session, week: Week, signed_in: Browser, count_statements: Counting
) -> None:
    _scheme(session, signed=10, late=4)
    report = week.make(session)
    leader = signed_in(week.leader)
    for path in (
        "/family-doctor/reports/",
        "/family-doctor/reports/?members=true",
        f"/family-doctor/reports/{report.id}",
        *(f"/family-doctor/reports/{report.id}/figures/{code}" for code in report.figures),
    ):
        with count_statements() as counter:
            answer = leader.get(path)
        assert len(counter) <= MOST_STATEMENTS, path
        assert answer.status_code == 200, path
        assert week.team.name in answer.text, path
    assert leader.get(f"/family-doctor/reports/{report.id}/figures/nothing").status_code == 404
    own = signed_in(week.nurse)
    assert "试验" in own.get("/family-doctor/reports/").text
    assert own.get(f"/family-doctor/reports/{report.id}").status_code == 403
    done = leader.post(f"/family-doctor/reports/{report.id}/remake", follow_redirects=True)
    assert "核对过了，和原来一样" in done.text
