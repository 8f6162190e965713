"""Finding departments and doctors across all institutions that take bookings."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.searching import contains
from directory.models import Department, Division, Institution, Staff
from directory.schemas import FoundDepartment, FoundDoctor

# More than anybody reads; what is beyond is found by a better word.
MOST_FOUND = 100


def find_departments(
    session: Session, text: str, specialty_codes: Collection[str]
) -> list[FoundDepartment]:
    """Departments in service whose name in either language or institution holds ``text``, or that
    treat one of these specialties; the 100 first by specialty and institution.
    """
    named = (Department.name, Department.name_en, Institution.name)
    matching = [contains(column, text) for column in named] if text else []
    matching += [_treats(code) for code in specialty_codes]
    query = (
        select(
            Department.id,
            Department.institution_id,
            Department.specialty_code,
            Department.name,
            Department.name_en,
            Institution.name.label("institution_name"),
            Institution.level,
            Institution.example,
            Institution.division_code,
        )
        .join(Institution, Institution.id == Department.institution_id)
        .where(
            Department.disabled_at.is_(None),
            Institution.disabled_at.is_(None),
            Institution.bookable,
            or_(False, *matching),
        )
        .order_by(Department.specialty_code, Institution.code)
        .limit(MOST_FOUND)
    )
    return [FoundDepartment.model_validate(row) for row in session.execute(query)]


def find_doctors(session: Session, text: str, limit: int) -> list[FoundDoctor]:
    """Doctors in service with a department whose name holds ``text``; by name."""
    query = _doctors().where(contains(Staff.name, text)).order_by(Staff.name, Staff.id)
    return [FoundDoctor.model_validate(row) for row in session.execute(query.limit(limit))]


def get_doctor(session: Session, staff_id: UUID) -> FoundDoctor:
    """A doctor with a department, in service. Raises NotFound."""
    row = session.execute(_doctors().where(Staff.id == staff_id)).one_or_none()
    if row is None:
        raise NotFound()
    return FoundDoctor.model_validate(row)


def division_centres(session: Session) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the centre of each division where it is known."""
    query = select(Division.code, Division.longitude, Division.latitude)
    return {
        code: (float(east), float(north))
        for code, east, north in session.execute(query)
        if east is not None and north is not None
    }


def _doctors() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Staff.id,
            Staff.name,
            Staff.title,
            Staff.introduction,
            Staff.example,
            Department.id.label("department_id"),
            Department.name.label("department_name"),
            Department.name_en.label("department_name_en"),
            Institution.id.label("institution_id"),
            Institution.name.label("institution_name"),
        )
        .join(Department, Department.id == Staff.department_id)
        .join(Institution, Institution.id == Staff.institution_id)
        .where(
            Staff.disabled_at.is_(None),
            Department.disabled_at.is_(None),
            Institution.disabled_at.is_(None),
            Institution.bookable,
        )
    )


def _treats(code: str) -> ColumnElement[bool]:
    """The specialty itself, a finer one, or in a small hospital the one above it."""
    return or_(
        Department.specialty_code.in_((code, code.partition(".")[0])),
        Department.specialty_code.startswith(f"{code}."),
    )
