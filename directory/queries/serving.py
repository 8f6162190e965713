"""The institutions whose teams serve a place, for rooms whose work lies at one."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from directory.divisions import division_path
from directory.models import Division, Institution, Team
from directory.schemas import ServingInstitution

TEAM_IDS = func.array_agg(Team.id, type_=ARRAY(Uuid))


def serving_institutions(session: Session) -> list[ServingInstitution]:
    """Institutions in service that run a team in service, by division and name."""
    query = (
        _institutions()
        .join(Team, Team.institution_id == Institution.id)
        .where(Institution.disabled_at.is_(None), Team.disabled_at.is_(None))
        .group_by(Institution.id, Division.name)
        .order_by(Institution.division_code, Institution.name)
    )
    return [ServingInstitution.model_validate(row) for row in session.execute(query)]


def institutions_by_id(
    session: Session, institution_ids: Collection[UUID]
) -> dict[UUID, ServingInstitution]:
    """The institutions of these ids, in service or not, with one statement."""
    query = _institutions().where(Institution.id.in_(set(institution_ids)))
    found = [ServingInstitution.model_validate(row) for row in session.execute(query)]
    return {institution.id: institution for institution in found}


def units_of_institutions(
    session: Session, institution_ids: Collection[UUID]
) -> dict[UUID, tuple[str, ...]]:
    """The units by which staff answer for an institution: its teams, itself, its divisions."""
    query = (
        select(Institution.id, Institution.division_code, TEAM_IDS)
        .outerjoin(Team, Team.institution_id == Institution.id)
        .where(Institution.id.in_(set(institution_ids)))
        .group_by(Institution.id)
    )
    return {
        row[0]: (*(str(team) for team in row[2] if team), str(row[0]), *division_path(row[1]))
        for row in session.execute(query)
    }


def institutions_of_teams(session: Session, team_ids: Collection[UUID]) -> frozenset[UUID]:
    """The institutions that run these teams."""
    query = select(Team.institution_id).where(Team.id.in_(set(team_ids)))
    return frozenset(session.scalars(query))


def _institutions() -> Select[*tuple[Any, ...]]:
    return select(
        Institution.id,
        Institution.name,
        Institution.division_code,
        Division.name.label("division_name"),
    ).join(Division, Division.code == Institution.division_code)
