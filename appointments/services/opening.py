"""Opening sessions from the weekly templates, so that there is always something to book."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    Date,
    Integer,
    Select,
    and_,
    cast,
    exists,
    extract,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as claim
from sqlalchemy.orm import Session

from appointments.models import (
    ClinicSession,
    Holiday,
    Rule,
    Slot,
    Template,
    TemplateException,
)
from appointments.schemas import FURTHEST_DAYS, HalfDay, Kind
from appointments.services.timetable import allot, can_be_booked, slot_times
from core import clock
from core.errors import Conflict
from core.ids import new_id
from core.messages import N_
from core.paging import HIGHEST_LIMIT, Page
from directory.public import get_institution, list_departments, list_staff
from directory.schemas import (
    DepartmentSearch,
    DepartmentView,
    InstitutionView,
    StaffSearch,
    StaffView,
)

# The furthest any rule may look ahead.
FURTHEST = timedelta(days=FURTHEST_DAYS)
# The advisory lock of all schedules.
SCHEDULES = 7_226_301
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Names:
    """What an institution publishes about itself, read once for all its sessions."""

    institution: InstitutionView
    departments: dict[UUID, DepartmentView]
    doctors: dict[UUID, StaffView]


def institutions_due(session: Session, until: date) -> list[UUID]:
    """Where something is to be opened up to ``until``, as ``open_sessions`` would."""
    due = _due(until).order_by(None).with_only_columns(Template.institution_id).distinct()
    return sorted(session.scalars(due))


def open_sessions(session: Session, until: date, institution_id: UUID | None = None) -> int:
    """Open what the templates say for today up to ``until``, of one institution or of all, but no
    further than a day beyond each one's horizon; returns how many sessions. What is there already
    is left alone.

    Institutions, departments and doctors out of service are passed over. Raises Conflict
    ``never_open`` where an institution's rule closes a slot before it opens.
    """
    opened = 0
    hold_schedules(session, to_open=True)
    query = _due(until)
    if institution_id is not None:
        query = query.where(Template.institution_id == institution_id)
    due = session.execute(query).all()
    for institution_id, rows in groupby(due, key=lambda row: row.Template.institution_id):
        names = read_names(session, institution_id)
        if not names.institution.disabled:
            opened += _open(session, names, list(rows))
    return opened


def hold_schedules(session: Session, *, to_open: bool = False) -> None:
    """Whoever opens sessions waits for those who change what is to be opened, and they for it: a
    day that was closed a moment ago does not open after all. Until the end of the transaction.
    """
    lock = func.pg_advisory_xact_lock if to_open else func.pg_advisory_xact_lock_shared
    session.execute(select(lock(SCHEDULES)))


def open_one(session: Session, template: Template, day: date) -> UUID | None:
    """Open a session of a clinic on a day, whether it is weekly or made up for the occasion; None
    where there is one already. Raises Conflict where somebody is out of service, or the rule closes
    a slot before it opens.
    """
    rule = session.get_one(Rule, template.institution_id)
    names = read_names(session, template.institution_id)
    row = None if names.institution.disabled else _session_row(names, template, day)
    if row is None:
        raise Conflict("out_of_service", N_("这家机构、科室或医生已停用，不能开诊。"))
    opened = _write(session, [(row, slot_rows(row, rule, template.capacity))])
    return opened[0] if opened else None


def _due(until: date) -> Select[Any]:
    """Template, rule and day of every session that is not there yet."""
    today = clock.today()
    moments = func.generate_series(
        today, min(until, today + FURTHEST), timedelta(days=1)
    ).column_valued("moment")
    days = select(cast(moments, Date).label("day")).subquery()
    own = Rule.by_kind[Template.kind]["horizon_days"].as_integer()
    horizon = func.coalesce(own, Rule.horizon_days)
    same_clinic = and_(
        ClinicSession.department_id == Template.department_id,
        ClinicSession.clinic_name == Template.clinic_name,
    )
    there = exists().where(
        ClinicSession.date == days.c.day,
        ClinicSession.half_day == Template.half_day,
        or_(ClinicSession.staff_id == Template.staff_id, same_clinic),
    )
    on_this_day = TemplateException.date == days.c.day
    closed = exists().where(
        on_this_day,
        TemplateException.capacity.is_(None),
        or_(
            TemplateException.template_id == Template.id,
            and_(
                TemplateException.template_id.is_(None),
                TemplateException.institution_id == Template.institution_id,
            ),
        ),
    )
    another = (
        select(TemplateException.capacity)
        .where(on_this_day, TemplateException.template_id == Template.id)
        .scalar_subquery()
    )
    holiday = exists().where(Holiday.day == days.c.day)
    return (
        select(
            Template,
            Rule,
            days.c.day,
            func.coalesce(another, Template.capacity).label("capacity"),
        )
        .join(Rule, Rule.institution_id == Template.institution_id)
        .join(days, extract("isodow", days.c.day) == Template.weekday)
        .where(
            Template.disabled_at.is_(None),
            func.coalesce(Template.valid_from, days.c.day) <= days.c.day,
            func.coalesce(Template.valid_until, days.c.day) >= days.c.day,
            # A day more than can be booked, so that it is there when its release time comes.
            days.c.day - cast(today, Date) <= cast(horizon, Integer) + 1,
            or_(Template.on_holidays, ~holiday),
            ~closed,
            ~there,
        )
        .order_by(Template.institution_id, days.c.day, Template.id)
    )


def read_names(session: Session, institution_id: UUID) -> Names:
    """What an institution publishes. Raises NotFound."""
    departments = _every(
        lambda cursor: list_departments(
            session,
            DepartmentSearch(institution_id=institution_id, cursor=cursor, limit=HIGHEST_LIMIT),
        )
    )
    staff = _every(
        lambda cursor: list_staff(
            session,
            StaffSearch(institution_id=institution_id, cursor=cursor, limit=HIGHEST_LIMIT),
        )
    )
    return Names(
        get_institution(session, institution_id),
        {department.id: department for department in departments},
        {doctor.id: doctor for doctor in staff},
    )


def _every(read: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """The items of all pages."""
    page = read(None)
    yield from page.items
    while page.next_cursor:
        page = read(page.next_cursor)
        yield from page.items


def _open(session: Session, names: Names, due: list[Any]) -> int:
    planned = [
        (row, slot_rows(row, rule, capacity))
        for template, rule, day, capacity in due
        if (row := _session_row(names, template, day))
    ]
    return len(_write(session, planned))


def _write(
    session: Session, planned: list[tuple[dict[str, Any], list[dict[str, Any]]]]
) -> list[UUID]:
    """Insert sessions with their slots, those left out that are there already."""
    if not planned:
        return []
    # Another worker may open the same sessions now: only those that are ours get slots.
    ours = session.scalars(
        claim(ClinicSession).on_conflict_do_nothing().returning(ClinicSession.id),
        [row for row, _ in planned],
    ).all()
    mine = set(ours)
    slots = [slot for row, slots in planned if row["id"] in mine for slot in slots]
    if slots:
        session.execute(insert(Slot), slots)
    return list(ours)


def _session_row(names: Names, template: Template, day: date) -> dict[str, Any] | None:
    """A session under the names published today; None where somebody is out of service."""
    department = names.departments.get(template.department_id)
    doctor = names.doctors.get(template.staff_id) if template.staff_id else None
    if department is None or (template.staff_id and doctor is None):
        return None
    institution = names.institution
    return {
        "id": new_id(),
        "institution_id": institution.id,
        "department_id": department.id,
        "staff_id": template.staff_id,
        "division_code": institution.division_code,
        "institution_name": institution.name,
        "department_name": department.name,
        "department_name_en": department.name_en,
        "clinic_name": doctor.name if doctor else template.clinic_name,
        "doctor_title": doctor.title if doctor else "",
        "place": " ".join(part for part in (department.location, template.room) if part),
        "example": doctor.example if doctor else institution.example,
        "kind": template.kind,
        "date": day,
        "half_day": template.half_day,
        "fee_fen": template.fee_fen,
        "template_id": template.id,
        "created_at": clock.now(),
    }


def slot_rows(row: Mapping[str, Any], rule: Rule, capacity: int) -> list[dict[str, Any]]:
    """The slots of a new session (its ``row``), each for ``capacity`` patients, shared out.

    Raises Conflict where the rule closes one before it opens.
    """
    shared = {
        "session_id": row["id"],
        "institution_id": row["institution_id"],
        "department_id": row["department_id"],
        "division_code": row["division_code"],
        "date": row["date"],
        "capacity": capacity,
        "taken": 0,
        "issued": 0,
    }
    times = slot_times(rule, Kind(row["kind"]), row["date"], HalfDay(row["half_day"]))
    if not all(map(can_be_booked, times)):
        raise Conflict(
            "never_open",
            N_("按这家机构的预约规则，有的时段没到放号时间就已截止。请管理员先改预约规则。"),
        )
    places = allot(rule, len(times), capacity)
    return [
        {"id": new_id(), **shared, **slot._asdict(), **free._asdict()}
        for slot, free in zip(times, places, strict=True)
    ]
