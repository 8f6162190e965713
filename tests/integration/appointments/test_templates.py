"""Weekly clinics: begin, change, end, copy; what is open stays as it is."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, Slot, Template
from appointments.public import open_sessions
from appointments.queries.planning import list_templates, template_history
from appointments.schemas import (
    ChangeTemplate,
    CopyWeek,
    CreateTemplate,
    EndTemplate,
    HalfDay,
    Kind,
    TemplateSearch,
)
from appointments.services.templates import (
    change_template,
    copy_week,
    create_template,
    end_template,
)
from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, Invalid, NotFound
from core.paging import PageQuery
from tests.factories.appointments import Clinic, make_clinic, make_template
from tests.factories.auth import actor_for
from tests.factories.directory import make_institution, make_staff
from tests.factories.residents import make_resident
from tests.factories.supply import DAY, make_registrar

FAR = timedelta(days=40)


def wanted(clinic: Clinic, **more: object) -> CreateTemplate:
    values: dict[str, object] = {
        "department_id": clinic.department.id,
        "staff_id": clinic.doctor.id,
        "kind": Kind.SPECIALIST,
        "weekday": 2,
        "half_day": HalfDay.MORNING,
        "room": "5 诊室",
        "capacity": 4,
        "fee_fen": 1500,
    }
    return CreateTemplate.model_validate(values | more)


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session)


@pytest.fixture
def registrar(session: Session, clinic: Clinic) -> Actor:
    return make_registrar(session, clinic)


def test_a_new_clinic_is_opened_and_remembered(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    made = create_template(session, registrar, wanted(clinic))
    assert (made.clinic_name, made.capacity, made.opened) == (clinic.doctor.name, 4, 0)
    assert open_sessions(session, clock.today() + FAR) >= 1
    opened = session.scalars(select(ClinicSession)).first()
    assert opened is not None
    assert (opened.template_id, opened.kind) == (made.id, Kind.SPECIALIST)
    entries = template_history(session, made.id, PageQuery()).items
    assert entries[0].changes["capacity"] == [None, 4]


def test_only_the_desk_of_the_institution_plans(session: Session, clinic: Clinic) -> None:
    stranger = make_registrar(session, make_clinic(session))
    resident = actor_for(session, make_resident(session)[0].id)
    for actor in (stranger, resident):
        with pytest.raises(Denied):
            create_template(session, actor, wanted(clinic))
        with pytest.raises(Denied):
            list_templates(session, actor, TemplateSearch(department_id=clinic.department.id))


def test_a_doctor_is_in_one_place_at_a_time(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    create_template(session, registrar, wanted(clinic))
    with pytest.raises(Conflict) as refused:
        create_template(session, registrar, wanted(clinic, kind=Kind.GENERAL))
    assert refused.value.code == "half_day_filled"
    assert "half_day" in refused.value.fields
    # In the other half of the day they can.
    create_template(session, registrar, wanted(clinic, half_day=HalfDay.AFTERNOON))


def test_one_clinic_follows_another(session: Session, clinic: Clinic, registrar: Actor) -> None:
    last = clock.today() + 30 * DAY
    create_template(session, registrar, wanted(clinic, valid_until=last))
    with pytest.raises(Conflict):
        create_template(session, registrar, wanted(clinic, valid_from=last))
    create_template(session, registrar, wanted(clinic, valid_from=last + DAY))


def test_a_doctor_of_another_house_or_out_of_service_is_refused(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    elsewhere = make_staff(session, make_institution(session))
    with pytest.raises(Invalid) as unknown:
        create_template(session, registrar, wanted(clinic, staff_id=elsewhere.id))
    assert "staff_id" in unknown.value.fields
    clinic.doctor.disabled_at = clock.now()
    session.flush()
    with pytest.raises(Conflict) as refused:
        create_template(session, registrar, wanted(clinic))
    assert refused.value.code == "out_of_service"


def test_a_change_leaves_what_is_open(session: Session, clinic: Clinic, registrar: Actor) -> None:
    weekday = (clock.today() + DAY).isoweekday()
    made = create_template(session, registrar, wanted(clinic, weekday=weekday, capacity=2))
    open_sessions(session, clock.today() + 3 * DAY)
    changed = change_template(
        session, registrar, made.id, ChangeTemplate(version=made.version, capacity=9, room="")
    )
    assert (changed.capacity, changed.room, changed.opened) == (9, "", 1)
    assert set(session.scalars(select(Slot.capacity))) == {2}
    with clock.shifted(7 * DAY):
        open_sessions(session, clock.today() + 3 * DAY)
    assert set(session.scalars(select(Slot.capacity))) == {2, 9}


def test_a_change_of_an_older_state_is_refused(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    made = create_template(session, registrar, wanted(clinic))
    change_template(session, registrar, made.id, ChangeTemplate(version=1, capacity=5))
    with pytest.raises(Conflict) as refused:
        change_template(session, registrar, made.id, ChangeTemplate(version=1, capacity=6))
    assert refused.value.code == "stale_version"


def test_a_period_is_in_order_also_where_only_one_end_is_given(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    first = clock.today() + 10 * DAY
    made = create_template(session, registrar, wanted(clinic, valid_from=first))
    with pytest.raises(Invalid) as refused:
        change_template(
            session, registrar, made.id, ChangeTemplate(version=1, valid_until=first - DAY)
        )
    assert "valid_until" in refused.value.fields


def test_an_ended_clinic_opens_no_more(session: Session, clinic: Clinic, registrar: Actor) -> None:
    weekday = clock.today().isoweekday()
    made = create_template(session, registrar, wanted(clinic, weekday=weekday))
    with pytest.raises(Invalid):
        end_template(
            session, registrar, made.id, EndTemplate(version=1, last_day=clock.today() - DAY)
        )
    end_template(session, registrar, made.id, EndTemplate(version=1, last_day=clock.today()))
    assert open_sessions(session, clock.today() + FAR) == 1
    later = make_template(session, clinic, weekday=weekday, half_day=HalfDay.AFTERNOON)
    later.valid_from = clock.today() + 7 * DAY
    session.flush()
    ended = end_template(
        session, registrar, later.id, EndTemplate(version=1, last_day=clock.today())
    )
    assert ended.disabled
    assert open_sessions(session, clock.today() + FAR) == 0


def test_a_week_is_copied_around_what_is_there(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    for weekday in (1, 3, 5):
        create_template(session, registrar, wanted(clinic, weekday=weekday))
    colleague = make_staff(session, clinic.institution, department=clinic.department)
    create_template(session, registrar, wanted(clinic, staff_id=colleague.id, weekday=3))
    command = CopyWeek(
        department_id=clinic.department.id,
        staff_id=clinic.doctor.id,
        to_department_id=clinic.department.id,
        to_staff_id=colleague.id,
    )
    copied = copy_week(session, registrar, command)
    assert (copied.made, copied.skipped) == (2, [(3, HalfDay.MORNING)])
    rows = session.scalars(select(Template).where(Template.staff_id == colleague.id)).all()
    assert sorted(row.weekday for row in rows) == [1, 3, 5]
    assert {row.room for row in rows if row.weekday != 3} == {""}
    # Once more changes nothing.
    assert copy_week(session, registrar, command).made == 0


def test_nothing_to_copy_is_said(session: Session, clinic: Clinic, registrar: Actor) -> None:
    command = CopyWeek(
        department_id=clinic.department.id,
        clinic_name="没有的门诊",
        to_department_id=clinic.department.id,
        to_clinic_name="新门诊",
    )
    with pytest.raises(NotFound):
        copy_week(session, registrar, command)


def test_the_list_leaves_out_what_has_ended(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    kept = create_template(session, registrar, wanted(clinic))
    over = make_template(session, clinic, weekday=4)
    over.valid_until = clock.today() - DAY
    session.flush()
    search = TemplateSearch(department_id=clinic.department.id)
    assert [row.id for row in list_templates(session, registrar, search).items] == [kept.id]
