"""A week of an institution: the sessions that are open, those to come, and what does not fit."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    String,
    and_,
    bindparam,
    cast,
    exists,
    extract,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from appointments.models import Holiday, Template, TemplateException, Wait
from appointments.queries.bookings import units_of
from appointments.queries.offers import CLINIC, CLINIC_COLUMNS, SLOT
from appointments.queries.stops import met_by_stop
from appointments.schemas import (
    Clash,
    EntryState,
    PoolCounts,
    ScheduleEntry,
    SessionView,
    SlotPlaces,
    SupplyAction,
    Waiting,
    Week,
    WeekQuery,
)
from core import clock
from core.access import Actor, Resource, require
from core.errors import NotFound
from directory.public import get_institution, in_service, list_departments, staff_by_id
from directory.schemas import DepartmentSearch, InstitutionView, StaffView

DAYS = 7
POOLS = (
    SLOT.c.remaining.label("public"),
    *(SLOT.c[name] for name in PoolCounts.model_fields if name != "public"),
)
WAIT = Wait.__table__
TEMPLATE, EXCEPTION, HOLIDAY = (
    Template.__table__,
    TemplateException.__table__,
    Holiday.__table__,
)
HOLIDAY_NAME = select(HOLIDAY.c.name).where(HOLIDAY.c.day == CLINIC.c.date).scalar_subquery()
# Why the institution or the template is closed on a session's day, although it was opened.
CLOSED_BY = (
    select(EXCEPTION.c.reason)
    .where(
        EXCEPTION.c.date == CLINIC.c.date,
        EXCEPTION.c.capacity.is_(None),
        (EXCEPTION.c.template_id == CLINIC.c.template_id)
        | (
            EXCEPTION.c.template_id.is_(None)
            & (EXCEPTION.c.institution_id == CLINIC.c.institution_id)
        ),
    )
    .limit(1)
    .scalar_subquery()
)
CLINIC_IN_SERVICE = in_service(CLINIC.c.institution_id, CLINIC.c.department_id, CLINIC.c.staff_id)
ON_HOLIDAYS = (
    select(TEMPLATE.c.on_holidays).where(TEMPLATE.c.id == CLINIC.c.template_id).scalar_subquery()
)
OPENED: Select[Any] = (
    select(
        CLINIC.c.id.label("session_id"),
        CLINIC.c.template_id,
        CLINIC.c.staff_id,
        CLINIC.c.date,
        CLINIC.c.half_day,
        CLINIC.c.stopped_at,
        CLINIC.c.stop_reason,
        *CLINIC_COLUMNS,
        *(
            func.coalesce(func.sum(column), 0).label(column.name)
            for column in (SLOT.c.capacity, SLOT.c.taken, *POOLS)
        ),
        func.max(SLOT.c.ends_at).label("ends_at"),
        CLINIC_IN_SERVICE.label("in_service"),
        HOLIDAY_NAME.label("holiday"),
        func.coalesce(ON_HOLIDAYS, True).label("on_holidays"),
        CLOSED_BY.label("closed_by"),
    )
    .join_from(CLINIC, SLOT, SLOT.c.session_id == CLINIC.c.id, isouter=True)
    .group_by(CLINIC.c.id)
)


def schedule_of(institution: InstitutionView) -> Resource:
    """An institution's schedule as the policy sees it."""
    units = units_of(institution.id, institution.division_code)
    return Resource("Schedule", str(institution.id), units=units)


def read_week(session: Session, actor: Actor, query: WeekQuery) -> Week:
    """The week of the query's day. Raises NotFound or Denied."""
    institution = get_institution(session, query.institution_id)
    return read_week_of(session, actor, institution, query)


def read_week_of(
    session: Session, actor: Actor, institution: InstitutionView, query: WeekQuery
) -> Week:
    """As ``read_week``, where the query's institution was read already."""
    require(session, actor, SupplyAction.READ_SCHEDULE, schedule_of(institution))
    monday = query.date - timedelta(days=query.date.weekday())
    period = {"institution": institution.id, "first": monday}
    period["last"] = monday + timedelta(days=DAYS - 1)
    opened = [opened_entry(row) for row in session.execute(OF_PERIOD, period)]
    entries = _clashing([*opened, *_planned(session, institution, period)])
    wanted = [
        entry
        for entry in entries
        if query.department_id in (None, entry.department_id)
        and query.staff_id in (None, entry.staff_id)
    ]
    wanted.sort(key=lambda each: (each.date, each.half_day == "afternoon", each.clinic_name))
    return Week(monday=monday, entries=wanted)


def get_session(session: Session, actor: Actor, session_id: UUID) -> SessionView:
    """One session slot by slot. Raises NotFound or Denied."""
    row = session.execute(OPENED.where(CLINIC.c.id == session_id)).one_or_none()
    if row is None:
        raise NotFound()
    institution = get_institution(session, row.institution_id)
    require(session, actor, SupplyAction.READ_SCHEDULE, schedule_of(institution))
    return session_view(session, row)


def session_view(session: Session, row: Row[Any]) -> SessionView:
    """A row of ``OPENED`` with its slots and whom a stop would meet."""
    slots = session.execute(SLOTS_OF, {"session_id": row.session_id})
    met = whom_it_meets(session, [row.session_id])
    return SessionView(
        **{**opened_entry(row).model_dump(), "free": _free(row)},
        institution_id=row.institution_id,
        institution_name=row.institution_name,
        department_name=row.department_name,
        department_name_en=row.department_name_en,
        fee_fen=row.fee_fen,
        slots=[SlotPlaces.model_validate({**s._mapping, "free": _free(s)}) for s in slots],
        bookings=met[0],
        waiting=met[1],
    )


def whom_it_meets(session: Session, session_ids: Iterable[UUID]) -> tuple[int, int]:
    """Bookings that a stop of these sessions ends now, and people who wait for a place."""
    ids = list(session_ids)
    booked = select(func.count()).select_from(met_by_stop(ids, clock.now()))
    waiting = (
        select(func.count())
        .select_from(WAIT)
        .where(WAIT.c.session_id.in_(ids), WAIT.c.state == Waiting.WAITING)
    )
    counts = session.execute(
        select(booked.scalar_subquery().label("booked"), waiting.scalar_subquery().label("waiting"))
    ).one()
    return counts.booked, counts.waiting


def opened_entry(row: Row[Any]) -> ScheduleEntry:
    """A row of ``OPENED`` as it stands now; clashes of rooms come later."""
    state = EntryState.OPEN
    if row.stopped_at is not None:
        state = EntryState.STOPPED
    elif row.ends_at is None or row.ends_at <= clock.now():
        state = EntryState.OVER
    clashes = []
    if state is EntryState.OPEN:
        if not row.in_service:
            clashes.append(Clash.OUT_OF_SERVICE)
        if row.closed_by is not None:
            clashes.append(Clash.CLOSED)
        if row.holiday is not None and not row.on_holidays:
            clashes.append(Clash.HOLIDAY)
    note = row.stop_reason or row.closed_by or row.holiday or ""
    return ScheduleEntry.model_validate(
        {
            **row._mapping,
            "free": _free(row),
            "state": state,
            "note": note if state is EntryState.STOPPED or clashes else "",
            "clashes": tuple(clashes),
        }
    )


def _free(row: Row[Any]) -> PoolCounts:
    return PoolCounts(**{name: getattr(row, name) for name in PoolCounts.model_fields})


def _planned(
    session: Session, institution: InstitutionView, period: dict[str, Any]
) -> list[ScheduleEntry]:
    """What the templates say for days that are not open, from today on."""
    rows = list(session.execute(PLANNED, {**period, "today": clock.today()}))
    if not rows:
        return []
    doctors = staff_by_id(session, {row.staff_id for row in rows if row.staff_id})
    search = DepartmentSearch(institution_id=institution.id, limit=100)
    locations = {d.id: d.location for d in list_departments(session, search).items}
    return [
        _planned_entry(row, doctors.get(row.staff_id), locations.get(row.department_id, ""))
        for row in rows
    ]


def _planned_entry(row: Row[Any], doctor: StaffView | None, location: str) -> ScheduleEntry:
    state, note = EntryState.PLANNED, ""
    if not row.in_service:
        state = EntryState.OUT_OF_SERVICE
    elif row.is_closed:
        state, note = EntryState.CLOSED, row.reason
    elif row.holiday is not None and not row.on_holidays:
        state, note = EntryState.HOLIDAY, row.holiday
    return ScheduleEntry.model_validate(
        {
            **row._mapping,
            "session_id": None,
            "clinic_name": doctor.name if doctor else row.clinic_name or "",
            "doctor_title": doctor.title if doctor else "",
            "example": bool(doctor and doctor.example),
            "place": " ".join(part for part in (location, row.room) if part),
            "taken": 0,
            "free": None,
            "state": state,
            "note": note,
        }
    )


def _clashing(entries: list[ScheduleEntry]) -> list[ScheduleEntry]:
    """The same entries, marked where two who are held use one room in one half-day. Each
    department numbers its own rooms, so a room is one of its department.
    """

    def where(entry: ScheduleEntry) -> tuple[object, ...] | None:
        held = entry.state in (EntryState.OPEN, EntryState.PLANNED)
        room = (entry.date, entry.half_day, entry.department_id, entry.place)
        return room if held and entry.place else None

    used = Counter(place for entry in entries if (place := where(entry)))
    return [
        entry.model_copy(update={"clashes": (*entry.clashes, Clash.ROOM)})
        if used.get(where(entry) or (), 0) > 1
        else entry
        for entry in entries
    ]


def _planned_query() -> Select[Any]:
    first, last = bindparam("first", type_=Date()), bindparam("last", type_=Date())
    moments = func.generate_series(first, last, timedelta(days=1)).column_valued("moment")
    days = select(cast(moments, Date).label("date")).subquery()
    of_template = EXCEPTION.alias("of_template")
    of_house = EXCEPTION.alias("of_house")
    same_clinic = and_(
        CLINIC.c.department_id == TEMPLATE.c.department_id,
        CLINIC.c.clinic_name == TEMPLATE.c.clinic_name,
    )
    there = exists().where(
        CLINIC.c.date == days.c.date,
        CLINIC.c.half_day == TEMPLATE.c.half_day,
        (CLINIC.c.staff_id == TEMPLATE.c.staff_id) | same_clinic,
    )
    is_closed = (of_template.c.id.is_not(None) & of_template.c.capacity.is_(None)) | (
        of_house.c.id.is_not(None)
    )
    reason = func.coalesce(of_template.c.reason, of_house.c.reason, literal("", String()))
    served: ColumnElement[bool] = in_service(
        TEMPLATE.c.institution_id, TEMPLATE.c.department_id, TEMPLATE.c.staff_id
    )
    return (
        select(
            TEMPLATE.c.id.label("template_id"),
            TEMPLATE.c.department_id,
            TEMPLATE.c.staff_id,
            TEMPLATE.c.clinic_name,
            TEMPLATE.c.kind,
            TEMPLATE.c.half_day,
            TEMPLATE.c.room,
            TEMPLATE.c.on_holidays,
            days.c.date,
            func.coalesce(of_template.c.capacity, TEMPLATE.c.capacity).label("capacity"),
            reason.label("reason"),
            HOLIDAY.c.name.label("holiday"),
            served.label("in_service"),
            is_closed.label("is_closed"),
        )
        .join_from(TEMPLATE, days, extract("isodow", days.c.date) == TEMPLATE.c.weekday)
        .join(
            of_template,
            (of_template.c.template_id == TEMPLATE.c.id) & (of_template.c.date == days.c.date),
            isouter=True,
        )
        .join(
            of_house,
            of_house.c.template_id.is_(None)
            & (of_house.c.institution_id == TEMPLATE.c.institution_id)
            & (of_house.c.date == days.c.date),
            isouter=True,
        )
        .join(HOLIDAY, HOLIDAY.c.day == days.c.date, isouter=True)
        .where(
            TEMPLATE.c.institution_id == bindparam("institution"),
            TEMPLATE.c.disabled_at.is_(None),
            func.coalesce(TEMPLATE.c.valid_from, days.c.date) <= days.c.date,
            func.coalesce(TEMPLATE.c.valid_until, days.c.date) >= days.c.date,
            days.c.date >= bindparam("today", type_=Date()),
            ~there,
        )
    )


# Built once: the desk turns from week to week.
PLANNED = _planned_query()
OF_PERIOD = OPENED.where(
    CLINIC.c.institution_id == bindparam("institution"),
    CLINIC.c.date >= bindparam("first", type_=Date()),
    CLINIC.c.date <= bindparam("last", type_=Date()),
)
SLOTS_OF = (
    select(
        SLOT.c.id,
        SLOT.c.starts_at,
        SLOT.c.ends_at,
        SLOT.c.capacity,
        SLOT.c.taken,
        *POOLS,
    )
    .where(SLOT.c.session_id == bindparam("session_id"))
    .order_by(SLOT.c.starts_at)
)
