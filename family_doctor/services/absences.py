"""Absences: recorded with a substitute of the same team, over by themselves with their last day.

A substitute is there all the while: whoever is away stands in for nobody, so that no chain and no
circle of substitutes can come about.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.public import accounts_of_staff, get_team
from family_doctor.models import Absence
from family_doctor.queries.absences import absence_resource, get_absence
from family_doctor.schemas import AbsenceView, RecordAbsence, TeamworkAction
from family_doctor.services.handing_over import lock_team, member_of

LONGEST = timedelta(days=366)


def record_absence(session: Session, actor: Actor, command: RecordAbsence) -> AbsenceView:
    """Record that a member is away and who stands in.

    Raises NotFound, Denied, Invalid (``not_in_team``, ``bad_days``, ``stands_in_for_self``),
    Conflict ``absence_overlaps``, ``substitute_away`` or ``stands_in``.
    """
    team = get_team(session, command.team_id)
    holder = accounts_of_staff(session, {command.staff_id}).get(command.staff_id)
    require(session, actor, TeamworkAction.RECORD_ABSENCE, absence_resource(team, holder))
    _check_days(command)
    member = member_of(session, team, command.staff_id, "staff_id")
    substitute = member_of(session, team, command.substitute_id, "substitute_id")
    if member.staff_id == substitute.staff_id:
        sentence = N_("代班人不能是请假的人自己，请选择另一位成员。")
        raise Invalid("stands_in_for_self", sentence, fields={"substitute_id": sentence})
    lock_team(session, team.id)
    _check_others(session, command)
    row = Absence(
        id=new_id(),
        team_id=team.id,
        staff_id=member.staff_id,
        staff_name=member.name,
        substitute_id=substitute.staff_id,
        substitute_name=substitute.name,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        recorded_at=clock.now(),
        account_id=actor.account_id,
    )
    session.add(row)
    session.flush()
    return AbsenceView.model_validate(row)


def end_absence(session: Session, actor: Actor, absence_id: UUID) -> AbsenceView:
    """Somebody is back early, or does not go: from now on nobody stands in. Safe to repeat.

    Raises NotFound or Denied.
    """
    row = get_absence(session, absence_id)
    team = get_team(session, row.team_id)
    holder = accounts_of_staff(session, {row.staff_id}).get(row.staff_id)
    about = absence_resource(team, holder, row.id)
    require(session, actor, TeamworkAction.RECORD_ABSENCE, about)
    session.execute(
        update(Absence)
        .where(Absence.id == row.id, Absence.ended_at.is_(None))
        .values(ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    session.refresh(row)
    return AbsenceView.model_validate(row)


def _check_days(command: RecordAbsence) -> None:
    if command.ends_on < command.starts_on:
        sentence = N_("结束日期不能早于开始日期。")
    elif command.ends_on < clock.today():
        sentence = N_("这段时间已经过去，请填写今天或以后的日期。")
    elif command.ends_on - command.starts_on > LONGEST:
        sentence = N_("一次最长登记一年，更长的请移交居民。")
    else:
        return
    raise Invalid("bad_days", sentence, fields={"ends_on": sentence})


def _check_others(session: Session, command: RecordAbsence) -> None:
    """Hold the days against the team's other absences. Raises Conflict."""
    query = select(Absence).where(
        Absence.team_id == command.team_id,
        Absence.ended_at.is_(None),
        Absence.starts_on <= command.ends_on,
        Absence.ends_on >= command.starts_on,
    )
    for other in session.scalars(query.order_by(Absence.starts_on)):
        about: dict[str, Any] = {
            "start": other.starts_on.isoformat(),
            "end": other.ends_on.isoformat(),
        }
        if other.staff_id == command.staff_id:
            raise Conflict(
                "absence_overlaps",
                N_("%(name)s在 %(start)s 至 %(end)s 已登记请假，时间不能重叠。"),
                name=other.staff_name, **about,
            )  # fmt: skip
        if other.staff_id == command.substitute_id:
            raise Conflict(
                "substitute_away",
                N_("%(name)s在 %(start)s 至 %(end)s 也请假，请选择另一位代班人。"),
                name=other.staff_name, **about,
            )  # fmt: skip
        if other.substitute_id == command.staff_id:
            raise Conflict(
                "stands_in",
                N_("%(name)s在 %(start)s 至 %(end)s 要代%(other)s的班，请先为%(other)s换代班人。"),
                name=other.substitute_name, other=other.staff_name, **about,
            )  # fmt: skip
