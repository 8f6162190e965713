"""Requests to renew medicines that wait for a team, as parts of the statements of its day."""

from typing import Any

from sqlalchemy import ScalarSelect, func, select, text

from family_doctor.models import Refill
from family_doctor.schemas.prescriptions import UNANSWERED
from residents.public import Person

REFILL, PERSON = Refill.__table__, Person.__table__
# How many of them the day of a team names.
FIRST = 5


def refills_waiting(teams: Any) -> ScalarSelect[int]:
    """How many requests wait for the answer of these teams."""
    return (
        select(func.count())
        .where(REFILL.c.team_id.in_(teams), REFILL.c.state.in_(UNANSWERED))
        .scalar_subquery()
    )


def first_refills(team: Any) -> ScalarSelect[Any]:
    """The requests of a team that have waited longest, as one value."""
    oldest = (
        select(REFILL.c.id, PERSON.c.name, REFILL.c.answer_by, REFILL.c.state)
        .join_from(REFILL, PERSON, PERSON.c.id == REFILL.c.person_id)
        .where(REFILL.c.team_id == team, REFILL.c.state.in_(UNANSWERED))
        .order_by(REFILL.c.answer_by, REFILL.c.id)
        .limit(FIRST)
        .subquery()
    )
    entry = func.json_build_object(
        "id", oldest.c.id, "name", oldest.c.name, "answer_by", oldest.c.answer_by,
        "state", oldest.c.state,
    )  # fmt: skip
    return select(func.coalesce(func.json_agg(entry), text("'[]'::json"))).scalar_subquery()
