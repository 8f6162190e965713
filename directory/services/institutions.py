"""Opening, changing and closing institutions."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.public import end_grants
from core import history
from core.access import Actor, require
from core.errors import Conflict
from core.ids import new_id
from core.messages import N_
from directory.models import Department, Division, Institution, Staff, Team
from directory.ports import coming_bookings
from directory.queries.overview import load
from directory.resources import institution_at, institution_resource
from directory.schemas import (
    Action,
    AtState,
    ChangeInstitution,
    ClosedInstitution,
    CreateInstitution,
    DisableInstitution,
    InstitutionView,
    Kind,
)
from directory.services.refusals import in_words
from directory.services.standing import take_back, take_out


def create_institution(
    session: Session, actor: Actor, command: CreateInstitution
) -> InstitutionView:
    """Register an institution in one of the actor's divisions.

    Raises Denied, Invalid, or Conflict where the code is taken.
    """
    require(session, actor, Action.CREATE_INSTITUTION, institution_at(command.division_code))
    row = Institution(id=new_id(), **command.model_dump())
    with in_words(session):
        session.add(row)
        session.flush()
    given = command.model_dump(mode="json", exclude={"division_code"})
    given["division"] = _division_name(session, command.division_code)
    history.note_creation(session, actor, Kind.INSTITUTION, row, given)
    return InstitutionView.model_validate(row)


def change_institution(
    session: Session, actor: Actor, institution_id: UUID, command: ChangeInstitution
) -> InstitutionView:
    """Change what was given. Moving it needs rights on the new place too.

    Raises NotFound, Denied, Invalid or Conflict.
    """
    row: Institution = load(session, Institution, institution_id)
    require(session, actor, Action.CHANGE_INSTITUTION, institution_resource(row))
    values = command.values()
    shown: dict[str, history.Shown] = {}
    place = values.get("division_code", row.division_code)
    if place != row.division_code:
        require(session, actor, Action.CREATE_INSTITUTION, institution_at(place))
        names = _division_name(session, row.division_code), _division_name(session, place)
        shown["division_code"] = ("division", *names)
    with in_words(session):
        history.change(session, actor, Kind.INSTITUTION, row, command.version, values, shown)
    return InstitutionView.model_validate(row)


def disable_institution(
    session: Session, actor: Actor, institution_id: UUID, command: DisableInstitution
) -> ClosedInstitution:
    """Close an institution, with ``cascade`` all it runs too; rights granted on them end.

    Raises NotFound, Denied, or Conflict ``institution_in_use`` that counts what it still runs.
    """
    row: Institution = load(session, Institution, institution_id)
    require(session, actor, Action.DISABLE_INSTITUTION, institution_resource(row))
    parts = {
        Kind.DEPARTMENT: _in_service(session, Department, institution_id),
        Kind.TEAM: _in_service(session, Team, institution_id),
        Kind.STAFF: _in_service(session, Staff, institution_id),
    }
    if any(parts.values()) and not command.cascade:
        raise _in_use(parts)
    take_out(session, actor, Kind.INSTITUTION, row, command.version)
    for kind, rows in parts.items():
        for part in rows:
            take_out(session, actor, kind, part, part.version)
    end_grants(session, [str(institution_id), *(str(team.id) for team in parts[Kind.TEAM])])
    bookings = coming_bookings(session, Kind.INSTITUTION, institution_id)
    return ClosedInstitution(
        **InstitutionView.model_validate(row).model_dump(), coming_bookings=bookings
    )


def enable_institution(
    session: Session, actor: Actor, institution_id: UUID, command: AtState
) -> InstitutionView:
    """Open a closed institution again; its parts stay closed until each is taken back.

    Raises NotFound, Denied or Conflict.
    """
    row: Institution = load(session, Institution, institution_id)
    require(session, actor, Action.DISABLE_INSTITUTION, institution_resource(row))
    take_back(session, actor, Kind.INSTITUTION, row, command.version)
    return InstitutionView.model_validate(row)


def _in_service(session: Session, table: Any, institution_id: UUID) -> list[Any]:
    query = select(table).where(table.institution_id == institution_id, table.disabled_at.is_(None))
    return list(session.scalars(query.order_by(table.id)))


def _in_use(parts: dict[Kind, list[Any]]) -> Conflict:
    return Conflict(
        "institution_in_use",
        N_(
            "这家机构还有 %(departments)s 个科室、%(teams)s 个团队和 %(staff)s 名人员在用。"
            "请先停用它们，或选择一并停用。"
        ),
        departments=len(parts[Kind.DEPARTMENT]),
        teams=len(parts[Kind.TEAM]),
        staff=len(parts[Kind.STAFF]),
    )


def _division_name(session: Session, code: str) -> str:
    division = session.get(Division, code)
    return division.name if division else code
