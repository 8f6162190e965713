"""Work reports are made: each period's when it has ended, and again where something came late.

Made twice, by two workers or late, a period gives each report once: what says the same as the
newest edition is not made again.
"""

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.ids import new_id
from core.messages import N_
from directory.public import staff_of_teams, teams_by_id
from directory.schemas import Duty, TeamStaff, TeamView
from family_doctor.figures import (
    MEMBER_FIGURES,
    RULES,
    Sums,
    digest_of,
    give_points,
    sum_up,
    total_of,
)
from family_doctor.models import Contract, Report, ReportRows, ReportRun
from family_doctor.periods import Period, ended_periods
from family_doctor.queries.counting import count_things
from family_doctor.queries.points import scheme_of, schemes_on
from family_doctor.queries.reports import CURRENT, TREND, load_report
from family_doctor.queries.staffing import people_of_accounts
from family_doctor.schemas import (
    FigureCode,
    PointLine,
    Remade,
    ReportAction,
    ReportKind,
    SchemeView,
)
from notifications.public import notify

# How many teams a transaction makes the reports of.
BATCH = 20
# For how long after its end a period is made again by itself, in days.
LATE_DAYS = 7
TEAM_WEEK = N_(
    "%(team)s %(start)s 至 %(end)s 的周报做好了：新签 %(signed)s 份，服务 %(services)s 次。"
)
TEAM_MONTH = N_(
    "%(team)s %(start)s 至 %(end)s 的月报做好了：新签 %(signed)s 份，服务 %(services)s 次。"
)
OWN_WEEK = N_("您在%(team)s %(start)s 至 %(end)s 的周报做好了：服务 %(services)s 次。")
OWN_MONTH = N_("您在%(team)s %(start)s 至 %(end)s 的月报做好了：服务 %(services)s 次。")
CORRECTED = N_("%(team)s %(start)s 至 %(end)s 的工作报告有更正，现在看第 %(edition)s 版。")
SENTENCES = {
    (ReportKind.WEEK, True): TEAM_WEEK,
    (ReportKind.MONTH, True): TEAM_MONTH,
    (ReportKind.WEEK, False): OWN_WEEK,
    (ReportKind.MONTH, False): OWN_MONTH,
}


class Draft(NamedTuple):
    """What a report would say; of the whole team without ``staff``."""

    team: TeamView
    staff: TeamStaff | None
    sums: Sums
    lines: list[PointLine]
    scheme_id: UUID | None
    edition: int
    digest: bytes

    @property
    def key(self) -> tuple[UUID, UUID | None]:
        """Whose report it is."""
        return self.team.id, self.staff.staff_id if self.staff else None


class Made(NamedTuple):
    """A report that was made."""

    id: UUID
    draft: Draft


def due_periods(session: Session) -> list[Period]:
    """The periods whose reports were not made yet, the oldest first: of the last ``TREND`` weeks
    and months. None where nobody ever applied for a contract.
    """
    if session.scalar(select(Contract.id).limit(1)) is None:
        return []
    run = {
        (kind, day) for kind, day in session.execute(select(ReportRun.kind, ReportRun.starts_on))
    }
    ended = itertools.chain.from_iterable(
        reversed(ended_periods(kind, clock.now(), TREND)) for kind in ReportKind
    )
    return [period for period in ended if (period.kind, period.starts_on) not in run]


def teams_without(session: Session, period: Period) -> Sequence[UUID]:
    """At most ``BATCH`` teams that had applications by the end of a period and have no report of
    it.
    """
    has_one = select(Report.id).where(Report.team_id == Contract.team_id, *_whole_teams(period))
    query = (
        select(Contract.team_id)
        .where(~has_one.exists())
        .group_by(Contract.team_id)
        .having(func.min(Contract.applied_at) < period.ends_at)
        .order_by(Contract.team_id)
        .limit(BATCH)
    )
    return session.scalars(query).all()


def close_period(session: Session, period: Period) -> None:
    """Note that all teams have their reports of a period."""
    row = insert(ReportRun).values(
        kind=period.kind, starts_on=period.starts_on, made_at=clock.now()
    )
    session.execute(row.on_conflict_do_nothing())


def make_past_reports(session: Session, team_id: UUID) -> None:
    """Make a team's reports of all periods that are due, as the calendar would have."""
    for period in due_periods(session):
        make_reports(session, period, {team_id})


def recent_periods() -> list[Period]:
    """The periods that ended so lately that something may still be entered late."""
    today = clock.today()
    return [
        period
        for kind in ReportKind
        for period in ended_periods(kind, clock.now(), 2)
        if (today - period.ends_on).days <= LATE_DAYS
    ]


def teams_with(session: Session, period: Period, after: UUID | None) -> Sequence[UUID]:
    """At most ``BATCH`` teams that have a report of a period, behind the team ``after``."""
    query = select(Report.team_id).where(*_whole_teams(period))
    if after:
        query = query.where(Report.team_id > after)
    return session.scalars(query.order_by(Report.team_id).limit(BATCH)).all()


def make_reports(session: Session, period: Period, team_ids: Collection[UUID]) -> list[Made]:
    """Make the reports of these teams and their members for a period: those that are missing, and
    a new edition of each that would now say something else. Who they are for is told, of periods
    long past only what was corrected.
    """
    current = {
        (row.team_id, row.staff_id): row
        for row in session.scalars(
            select(Report)
            .where(
                Report.team_id.in_(team_ids),
                Report.kind == period.kind,
                Report.starts_on == period.starts_on,
                CURRENT,
            )
            .order_by(Report.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    new = []
    for draft in _drafts(session, period, team_ids):
        before = current.get(draft.key)
        if before is None:
            new.append(draft)
        elif before.digest != draft.digest:
            new.append(draft._replace(edition=before.edition + 1))
    replaced = [current[draft.key].id for draft in new if draft.key in current]
    if replaced:
        session.execute(
            update(Report).where(Report.id.in_(replaced)).values(superseded_at=clock.now())
        )
    made = _insert(session, period, new)
    _tell(session, period, made)
    return made


def remake_report(session: Session, actor: Actor, report_id: UUID) -> Remade:
    """Make a report's period again for its team. What changed is a new edition; else it stays.

    Raises NotFound or Denied.
    """
    row = load_report(session, actor, report_id, ReportAction.REMAKE)
    period = Period(ReportKind(row.kind), row.starts_on, row.ends_on)
    made = make_reports(session, period, {row.team_id})
    changed = any(each.draft.key == (row.team_id, row.staff_id) for each in made)
    newest = session.execute(
        select(Report.id, Report.edition).where(
            Report.team_id == row.team_id,
            Report.kind == row.kind,
            Report.starts_on == row.starts_on,
            Report.staff_id.is_not_distinct_from(row.staff_id),
            CURRENT,
        )
    ).one()
    return Remade(report_id=newest.id, edition=newest.edition, changed=changed)


def _whole_teams(period: Period) -> tuple[ColumnElement[bool], ...]:
    return (
        Report.kind == period.kind,
        Report.starts_on == period.starts_on,
        Report.staff_id.is_(None),
        CURRENT,
    )


def _drafts(session: Session, period: Period, team_ids: Collection[UUID]) -> Iterator[Draft]:
    teams = teams_by_id(session, set(team_ids))
    staff = staff_of_teams(session, team_ids)
    schemes = schemes_on(session, period.ends_on)
    things = count_things(session, period, team_ids, staff)
    for team in teams.values():
        of_team = [thing for thing in things if thing.team_id == team.id]
        scheme = scheme_of(schemes, team.institution_id)
        yield _draft(team, None, sum_up(of_team, FigureCode), scheme)
        for member in (each for each in staff if each.team_id == team.id):
            own = [thing for thing in of_team if thing.staff_id == member.staff_id]
            yield _draft(team, member, sum_up(own, MEMBER_FIGURES), scheme)


def _draft(team: TeamView, staff: TeamStaff | None, sums: Sums, scheme: SchemeView | None) -> Draft:
    lines = give_points(sums.figures, scheme.values) if scheme else []
    scheme_id = scheme.id if scheme else None
    return Draft(team, staff, sums, lines, scheme_id, 1, digest_of(sums, lines, scheme_id))


def _insert(session: Session, period: Period, drafts: Collection[Draft]) -> list[Made]:
    if not drafts:
        return []
    ids = {new_id(): draft for draft in drafts}
    reports = insert(Report).values([_values(period, *each) for each in ids.items()])
    kept = session.scalars(reports.on_conflict_do_nothing().returning(Report.id)).all()
    made = [Made(each, ids[each]) for each in kept]
    rows = [
        {"report_id": each.id, "code": code, "ids": counted}
        for each in made
        for code, counted in each.draft.sums.rows.items()
    ]
    if rows:
        session.execute(insert(ReportRows).values(rows))
    return made


def _values(period: Period, report_id: UUID, draft: Draft) -> dict[str, object]:
    team, staff = draft.team, draft.staff
    return {
        "id": report_id,
        "kind": period.kind,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        "team_id": team.id,
        "staff_id": staff.staff_id if staff else None,
        "account_id": staff.account_id if staff else None,
        "institution_id": team.institution_id,
        "division_code": team.division_code,
        "team_name": team.name,
        "staff_name": staff.name if staff else "",
        "edition": draft.edition,
        "made_at": clock.now(),
        "rules": RULES,
        "scheme_id": draft.scheme_id,
        "figures": {code: value.model_dump() for code, value in draft.sums.figures.items()},
        "points": [line.model_dump(mode="json") for line in draft.lines],
        "total": total_of(draft.lines),
        "digest": draft.digest,
    }


def _tell(session: Session, period: Period, made: Collection[Made]) -> None:
    newest = ended_periods(period.kind, clock.now(), 1)[0] == period
    worth_telling = [each for each in made if newest or each.draft.edition > 1]
    staff = staff_of_teams(session, {each.draft.team.id for each in worth_telling})
    leaders = {each.team_id: each for each in staff if each.duty is Duty.LEADER}
    people = people_of_accounts(session, {each.account_id for each in staff if each.account_id})
    for report_id, draft in worth_telling:
        leader = leaders.get(draft.team.id)
        reader = draft.staff or leader
        # A leader reads the team's; their own stands in it.
        if reader is None or (draft.staff and leader and reader.staff_id == leader.staff_id):
            continue
        person_id = people.get(reader.account_id) if reader.account_id else None
        if person_id is None:
            continue
        figures = draft.sums.figures
        values = {
            "team": draft.team.name,
            "start": period.starts_on.isoformat(),
            "end": period.ends_on.isoformat(),
            "signed": str(figures[FigureCode.SIGNED].count),
            "services": str(figures[FigureCode.SERVICES].count),
            "edition": str(draft.edition),
        }
        of_period = SENTENCES[(period.kind, draft.staff is None)]
        sentence = CORRECTED if draft.edition > 1 else of_period
        notify(session, person_id, sentence, values, f"/family-doctor/reports/{report_id}")
