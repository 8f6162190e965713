"""Absences and substitutes: who sees whose residents, what cannot be, and its end by itself."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, Invalid
from core.ids import new_id
from directory.models import Staff
from directory.public import get_team
from family_doctor.models import Absence
from family_doctor.queries.assignments import find_carer
from family_doctor.queries.desks import find_desk
from family_doctor.queries.handovers import preview
from family_doctor.queries.panel import list_panel
from family_doctor.queries.team import list_work, work_by_group
from family_doctor.schemas import (
    AbsenceView,
    PanelQuery,
    PreviewHandover,
    RecordAbsence,
    Whose,
    WorkSearch,
)
from family_doctor.services.absences import end_absence, record_absence
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of
from tests.factories.teamwork import make_residents, staff_of
from tests.integration.family_doctor.crew import Crew, crew

__all__ = ["crew"]


def away(
    session: Session, crew: Crew, who: Staff, substitute: Staff, days: tuple[int, int], actor: Actor
) -> AbsenceView:
    """Record an absence from so many days from now to so many."""
    today = clock.today()
    command = RecordAbsence(
        team_id=crew.team.id,
        staff_id=who.id,
        substitute_id=substitute.id,
        starts_on=today + timedelta(days=days[0]),
        ends_on=today + timedelta(days=days[1]),
    )
    return record_absence(session, actor, command)


def seen(session: Session, crew: Crew, actor: Actor, whose: Whose) -> tuple[int, int, int]:
    """How many residents and pieces of work an actor sees, and how many of these are counted."""
    desk = find_desk(session, actor, crew.team.id)
    staff = desk.whose(whose)
    panel = list_panel(session, get_team(session, crew.team.id), PanelQuery(), staff).items
    work = list_work(session, crew.team.id, WorkSearch(), staff).items
    return len(panel), len(work), work_by_group(session, crew.team.id, None, staff)[""]


def test_the_substitute_sees_their_residents_until_it_is_over(
    session: Session, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = make_residents(session, crew.team, 3, late=2)
    crew.give(session, crew.nurse, everyone=True)
    make_residents(session, crew.team, 2, late=1)
    crew.give(session, crew.doctor, unassigned=True)
    assert seen(session, crew, crew.doctor_actor, Whose.MINE) == (2, 1, 1)
    assert seen(session, crew, crew.doctor_actor, Whose.STAND_IN) == (0, 0, 0)
    away(session, crew, crew.nurse, crew.doctor, (0, 4), crew.nurse_actor)
    assert seen(session, crew, crew.doctor_actor, Whose.STAND_IN) == (3, 2, 2)
    assert seen(session, crew, crew.doctor_actor, Whose.MINE) == (2, 1, 1)
    assert seen(session, crew, crew.doctor_actor, Whose.TEAM) == (5, 3, 3)
    assert seen(session, crew, crew.leader, Whose.MINE) == (0, 0, 0)
    carer = find_carer(session, theirs[0].id)
    assert carer
    assert carer.absence
    assert carer.absence.substitute_name == crew.doctor.name
    asked = PreviewHandover(team_id=crew.team.id, everyone=True, to_staff_id=crew.nurse.id)
    assert preview(session, crew.leader, asked).absence
    monkeypatch.setattr(clock, "_offset", timedelta(days=5))
    assert seen(session, crew, crew.doctor_actor, Whose.STAND_IN)[0] == 0
    carer = find_carer(session, theirs[0].id)
    assert carer
    assert carer.absence is None


@pytest.mark.parametrize(
    ("who", "substitute", "days", "code"),
    [
        ("nurse", "chief", (9, 12), "absence_overlaps"),
        ("doctor", "nurse", (10, 10), "substitute_away"),
        ("doctor", "chief", (8, 9), "stands_in"),
        ("nurse", "doctor", (11, 20), None),
        ("doctor", "nurse", (11, 20), None),
        ("doctor", "chief", (20, 20), None),
    ],
)
def test_overlaps_chains_and_circles_cannot_be(
    session: Session,
    crew: Crew,
    who: str,
    substitute: str,
    days: tuple[int, int],
    code: str | None,
) -> None:
    away(session, crew, crew.nurse, crew.doctor, (5, 10), crew.leader)
    people: tuple[Any, Any] = (getattr(crew, who), getattr(crew, substitute))
    if code is None:
        assert away(session, crew, *people, days, crew.leader).ended_at is None
        return
    with pytest.raises(Conflict, match=code):
        away(session, crew, *people, days, crew.leader)


def test_what_else_is_refused(session: Session, crew: Crew) -> None:
    other, _, stranger = make_team(session)
    with pytest.raises(Denied):
        away(session, crew, crew.nurse, crew.doctor, (0, 1), crew.doctor_actor)
    with pytest.raises(Denied):
        away(session, crew, crew.nurse, crew.doctor, (0, 1), actor_of(session, stranger))
    with pytest.raises(Invalid, match="not_in_team"):
        away(session, crew, crew.nurse, staff_of(session, stranger), (0, 1), crew.leader)
    for who, days, code in (
        (crew.nurse, (0, 1), "stands_in_for_self"),
        (crew.doctor, (2, 1), "bad_days"),
        (crew.doctor, (-3, -1), "bad_days"),
        (crew.doctor, (0, 400), "bad_days"),
    ):
        with pytest.raises(Invalid, match=code):
            away(session, crew, crew.nurse, who, days, crew.leader)
    made = away(session, crew, crew.nurse, crew.doctor, (0, 1), crew.nurse_actor)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(
            Absence(
                **made.model_dump(exclude={"id", "ended_at"}),
                id=new_id(),
                recorded_at=clock.now(),
                account_id=crew.leader_account,
            )
        )
        session.flush()
    assert other.id != crew.team.id


def test_back_early(session: Session, crew: Crew) -> None:
    made = away(session, crew, crew.nurse, crew.doctor, (0, 9), crew.nurse_actor)
    with pytest.raises(Denied):
        end_absence(session, crew.doctor_actor, made.id)
    ended = end_absence(session, crew.nurse_actor, made.id)
    assert ended.ended_at
    assert end_absence(session, crew.leader, made.id).ended_at == ended.ended_at
    assert find_desk(session, crew.doctor_actor, crew.team.id).standing_in == ()
    assert away(session, crew, crew.nurse, crew.doctor, (0, 9), crew.nurse_actor).id != made.id
