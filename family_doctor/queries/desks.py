"""Where an actor sits in a team: as which of its staff, and who is away today."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Uuid, bindparam, func, select, text
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from directory.public import staff_id_of
from family_doctor.models import Absence
from family_doctor.schemas import AbsenceView, Whose


@dataclass(frozen=True, slots=True)
class Desk:
    """The actor's staff in the team, None for one who is nobody's, and today's absences."""

    staff_id: UUID | None
    away: tuple[AbsenceView, ...]

    @property
    def standing_in(self) -> tuple[AbsenceView, ...]:
        """The absences for which this actor stands in today."""
        return tuple(each for each in self.away if each.substitute_id == self.staff_id)

    def whose(self, whose: Whose) -> tuple[UUID, ...] | None:
        """The staff whose residents are asked for; None is the whole team."""
        if whose is Whose.TEAM:
            return None
        if whose is Whose.STAND_IN:
            return tuple(each.staff_id for each in self.standing_in)
        return (self.staff_id,) if self.staff_id else ()

    def absence_of(self, staff_id: UUID | None) -> AbsenceView | None:
        """The absence of one who is away today."""
        return next((each for each in self.away if each.staff_id == staff_id), None)


def find_desk(session: Session, actor: Actor, team_id: UUID) -> Desk:
    """The actor's place in a team, with one statement. The caller has asked the policy."""
    values = {"account": actor.account_id, "team": team_id, "today": clock.today()}
    staff_id, away = session.execute(DESK, values).one()
    return Desk(staff_id, tuple(AbsenceView.model_validate(each) for each in away))


def away_as_value() -> Any:
    """Who of a team (``team``) is away on a day (``today``), as one value in a statement."""
    row = func.json_build_object(
        *(part for name in AbsenceView.model_fields for part in (name, getattr(Absence, name)))
    )
    today = bindparam("today", type_=Date())
    return (
        select(func.coalesce(func.json_agg(row), text("'[]'::json")))
        .where(
            Absence.team_id == bindparam("team", type_=Uuid()),
            Absence.ended_at.is_(None),
            Absence.starts_on <= today,
            Absence.ends_on >= today,
        )
        .scalar_subquery()
    )


def own_staff() -> Any:
    """The id of the staff who hold an account (``account``), as one value in a statement."""
    return staff_id_of(bindparam("account", type_=Uuid()))


DESK = select(own_staff(), away_as_value())
