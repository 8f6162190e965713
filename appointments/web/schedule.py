"""/appointments/schedule: the week of an institution, department or doctor, and its sessions."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from appointments.queries.schedule import DAYS, get_session, read_week_of
from appointments.queries.stops import list_stopped
from appointments.schemas import (
    ChangeCapacity,
    EntryState,
    Kind,
    MovePlaces,
    OpenSession,
    Pool,
    ScheduleEntry,
    SessionView,
    WeekQuery,
)
from appointments.services import sessions
from appointments.services.places import MOVABLE
from appointments.web import planning
from core import clock
from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext

# A field called date hides the type of that name from its own annotation.
ChosenDay: TypeAlias = date | None
pages = Blueprint("appointments_schedule", __name__, url_prefix="/appointments/schedule")


class WeekChoice(BaseModel):
    """Which week of what is looked at; this week of the first institution until one chooses."""

    institution_id: UUID | None = None
    department_id: UUID | None = None
    staff_id: UUID | None = None
    date: ChosenDay = None


@dataclass
class Figure:
    """A department's day in numbers."""

    sessions: int = 0
    planned: int = 0
    taken: int = 0
    capacity: int = 0
    stopped: int = 0
    clashes: int = 0

    def count(self, entry: ScheduleEntry) -> None:
        """Add a half-day."""
        self.sessions += entry.state in (EntryState.OPEN, EntryState.OVER)
        self.planned += entry.state is EntryState.PLANNED
        self.stopped += entry.state is EntryState.STOPPED
        self.clashes += bool(entry.clashes)
        if entry.state in (EntryState.OPEN, EntryState.OVER):
            self.taken += entry.taken
            self.capacity += entry.capacity


@dataclass
class Row:
    """A doctor or clinic with the half-days of each day of the week."""

    first: ScheduleEntry
    days: dict[date, list[ScheduleEntry]] = field(default_factory=lambda: defaultdict(list))


@pages.get("/")
@open_to(Role.REGISTRAR, Role.ADMINISTRATOR)
def week() -> ResponseReturnValue:
    """Days by half-days, with what is booked, stopped, and does not fit."""
    asked = read_query(WeekChoice)
    actor = current_actor()
    with transaction() as session:
        desk = planning.read_desk(
            session, actor, asked.institution_id, Role.REGISTRAR, Role.ADMINISTRATOR
        )
        if desk is None:
            return render_template("appointments/no_desk.html")
        query = WeekQuery(
            institution_id=desk.institution.id,
            date=asked.date or clock.today(),
            department_id=asked.department_id,
            staff_id=asked.staff_id,
        )
        found = read_week_of(session, actor, desk.institution, query)
    return render_template(
        "appointments/schedule/week.html",
        desk=desk,
        department=desk.department(asked.department_id),
        query=query,
        days=[found.monday + timedelta(days=ahead) for ahead in range(DAYS)],
        rows=_rows(found.entries),
        figures=_figures(found.entries),
        clashing=[entry for entry in found.entries if entry.clashes],
        today=clock.today(),
        may_plan=bool(actor.grants.get(Role.REGISTRAR)),
    )


@pages.get("/sessions/<uuid:session_id>")
@open_to(Role.REGISTRAR, Role.ADMINISTRATOR)
def one_session(session_id: UUID) -> ResponseReturnValue:
    """A session slot by slot, with what can be done to it."""
    return _session_page(session_id, blank(ChangeCapacity), blank(MovePlaces))


@pages.post("/sessions/<uuid:session_id>/capacity")
@open_to(Role.REGISTRAR)
def capacity(session_id: UUID) -> ResponseReturnValue:
    """Another number of patients per slot."""
    return carry_out(
        ChangeCapacity,
        SessionView,
        lambda session, command: sessions.change_capacity(
            session, current_actor(), session_id, command
        ),
        gettext("号数已修改。"),
        url_for("appointments_schedule.one_session", session_id=session_id),
    )


@pages.post("/sessions/<uuid:session_id>/places")
@open_to(Role.REGISTRAR)
def move(session_id: UUID) -> ResponseReturnValue:
    """Free places of one pool become another's."""
    form = read_form(MovePlaces)
    done = attempt(
        form,
        SessionView,
        lambda session, command: sessions.move_places(
            session, current_actor(), session_id, command
        ),
    )
    if done is None:
        return _session_page(session_id, blank(ChangeCapacity), form)
    flash(gettext("号池已调整。"), "good")
    return redirect(url_for("appointments_schedule.one_session", session_id=session_id))


@pages.get("/sessions/new")
@open_to(Role.REGISTRAR)
def new() -> ResponseReturnValue:
    """The form of one session more."""
    asked = read_query(WeekChoice)
    form = blank(
        OpenSession,
        department_id=asked.department_id,
        staff_id=asked.staff_id,
        date=asked.date or clock.today() + timedelta(days=1),
        kind=Kind.GENERAL,
        capacity=3,
    )
    return _new_page(form, asked.institution_id, asked.department_id)


@pages.post("/sessions/new")
@open_to(Role.REGISTRAR)
def create() -> ResponseReturnValue:
    """Open one session more."""
    form = read_form(OpenSession, fee_fen=planning.fee_of(request.form.get("fee")))
    made = attempt(
        form,
        SessionView,
        lambda session, command: sessions.open_session(session, current_actor(), command),
    )
    if made is None:
        planning.typed_fee(form)
        asked = read_query(WeekChoice)
        return _new_page(form, asked.institution_id, asked.department_id)
    flash(gettext("已加开一个门诊，居民按放号时间可以预约。"), "good")
    return redirect(url_for("appointments_schedule.one_session", session_id=made.session_id))


def _session_page(
    session_id: UUID, numbers: Form[ChangeCapacity], moving: Form[MovePlaces]
) -> ResponseReturnValue:
    actor = current_actor()
    may_plan = bool(actor.grants.get(Role.REGISTRAR))
    with transaction() as session:
        view = get_session(session, actor, session_id)
        # Who plans reads the day's names too; an administrator does not.
        stopped = list_stopped(session, actor, session_id) if may_plan else []
    page = render_template(
        "appointments/schedule/session.html",
        view=view,
        numbers=numbers,
        moving=moving,
        pools=[(pool.value, gettext(planning.POOLS[pool])) for pool in MOVABLE],
        pool_names=[(_column(pool), gettext(name)) for pool, name in planning.POOLS.items()],
        now=clock.now(),
        may_plan=may_plan,
        stopped=stopped,
    )
    return page, max(numbers.status, moving.status)


def _new_page(
    form: Form[OpenSession], institution_id: UUID | None, department_id: UUID | None
) -> ResponseReturnValue:
    with transaction() as session:
        desk = planning.need_desk(session, current_actor(), institution_id)
        offered = {
            "department_id": planning.department_choices(desk.departments),
            "staff_id": planning.doctors(session, desk.institution.id, department_id),
            "kind": planning.words(planning.KINDS),
            "half_day": planning.words(planning.HALF_DAYS),
        }
    page = render_template(
        "appointments/schedule/session_form.html", form=form, desk=desk, offered=offered
    )
    return page, form.status


def _column(pool: Pool) -> str:
    """What the counts of a slot call a pool."""
    return pool.value


def _rows(entries: Iterable[ScheduleEntry]) -> list[Row]:
    rows: dict[tuple[str, str], Row] = {}
    for entry in entries:
        rows.setdefault(entry.key, Row(entry)).days[entry.date].append(entry)
    return sorted(
        rows.values(), key=lambda row: (row.first.staff_id is None, row.first.clinic_name)
    )


def _figures(entries: Iterable[ScheduleEntry]) -> dict[UUID, dict[date, Figure]]:
    figures: dict[UUID, dict[date, Figure]] = defaultdict(lambda: defaultdict(Figure))
    for entry in entries:
        figures[entry.department_id][entry.date].count(entry)
    return figures
