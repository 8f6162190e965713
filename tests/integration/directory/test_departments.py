"""Departments, and who works in them."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from auth.queries.actors import actor_of_account
from core.access import Actor, Role
from core.errors import Conflict, Invalid
from core.paging import PageQuery
from directory.models import Staff
from directory.queries.administration import (
    managed_departments,
)
from directory.queries.overview import history_of
from directory.schemas import (
    AtState,
    ChangeStaff,
    CreateDepartment,
    CreateStaff,
    Kind,
    ManagedDepartments,
    State,
)
from directory.services import departments, staff
from tests.factories.auth import make_account
from tests.factories.directory import (
    COUNTY,
    make_department,
    make_institution,
    make_staff,
)

PASSWORD = "an initial password"


def administrator(session: Session, *units: str, name: str = "管理员甲") -> Actor:
    """One who administers these units."""
    account = make_account(session, name=name, roles={Role.ADMINISTRATOR: list(units)})
    actor = actor_of_account(session, account.id)
    assert actor is not None
    return actor


def actor_for(session: Session, account_id: UUID) -> Actor:
    """The actor of an account as it stands."""
    actor = actor_of_account(session, account_id)
    assert actor is not None
    return actor


def test_departments_open_change_and_close(session: Session) -> None:
    row = make_institution(session)
    existing = make_department(session, row, name="内科")
    actor = administrator(session, str(row.id))

    def department(specialty: str, name: str) -> CreateDepartment:
        return CreateDepartment(institution_id=row.id, specialty_code=specialty, name=name)

    with pytest.raises(Conflict) as taken:
        departments.create_department(session, actor, department("03", "内科"))
    assert "name" in taken.value.fields
    with pytest.raises(Invalid):
        departments.create_department(session, actor, department("77", "新科"))
    nurse = make_staff(session, row, department=existing)
    with pytest.raises(Conflict) as in_use:
        departments.disable_department(session, actor, existing.id, AtState(version=1))
    assert in_use.value.code == "department_in_use"
    staff.change_staff(session, actor, nurse.id, ChangeStaff(version=1, department_id=None))
    assert session.get_one(Staff, nurse.id).department_id is None
    assert departments.disable_department(session, actor, existing.id, AtState(version=1)).disabled
    assert not departments.enable_department(
        session, actor, existing.id, AtState(version=2)
    ).disabled
    closed = ManagedDepartments(state=State.DISABLED)
    assert managed_departments(session, actor, closed).items == []


def test_staff_work_in_departments_of_their_own_institution(session: Session) -> None:
    row, other = make_institution(session), make_institution(session)
    actor = administrator(session, COUNTY)
    foreign = make_department(session, other)
    with pytest.raises(Invalid) as wrong:
        staff.create_staff(
            session,
            actor,
            CreateStaff(
                institution_id=row.id, department_id=foreign.id, name="某人", profession="doctor"
            ),
        )
    assert "department_id" in wrong.value.fields
    own = make_department(session, row, name="外科")
    view = staff.create_staff(
        session,
        actor,
        CreateStaff(
            institution_id=row.id, department_id=own.id, name="覃医生", profession="doctor"
        ),
    )
    entry = history_of(session, actor, Kind.STAFF, view.id, PageQuery()).items[0]
    assert entry.changes["department"] == [None, "外科"]
