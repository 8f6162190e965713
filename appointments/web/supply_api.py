"""/api/v1/appointments/…: weekly clinics, days that differ, sessions, stops, rules, holidays."""

from datetime import date
from uuid import UUID

from appointments.queries.offers import find_alternatives
from appointments.queries.planning import (
    get_rules,
    get_template,
    list_exceptions,
    list_holidays,
    list_templates,
)
from appointments.queries.schedule import get_session, read_week
from appointments.queries.stops import get_stopped, list_stopped
from appointments.schemas import (
    BookingView,
    ChangeBooking,
    ChangeCapacity,
    ChangeRules,
    ChangeTemplate,
    CopiedWeek,
    CopyWeek,
    CreateTemplate,
    EndTemplate,
    ExceptionQuery,
    ExceptionView,
    HolidayList,
    HolidayView,
    MovePlaces,
    OpenSession,
    RulesView,
    SessionView,
    SetException,
    SetHoliday,
    SlotList,
    StopDays,
    StopOutcome,
    StoppedBookings,
    StopSession,
    TemplateSearch,
    TemplateView,
    Week,
    WeekQuery,
)
from appointments.services import calendar, rules, sessions, stopping, templates
from appointments.services.changing import take_instead
from core.access import Role
from core.database import transaction
from core.errors import NotFound
from core.paging import Page
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write

api = room_api("appointments_supply", "Appointments: supply", path="appointments")


@api.get("/schedule")
@api.input(WeekQuery, location="query", arg_name="query")
@api.output(Week)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR, Role.ADMINISTRATOR)
def week(query: WeekQuery) -> Week:
    """A week of an institution, a department or a doctor: open sessions and those to come."""
    with transaction() as session:
        return read_week(session, current_actor(), query)


@api.get("/templates")
@api.input(TemplateSearch, location="query", arg_name="query")
@api.output(Page[TemplateView])
@api.doc(**SECURED)
@open_to(Role.REGISTRAR, Role.ADMINISTRATOR)
def weekly_clinics(query: TemplateSearch) -> Page[TemplateView]:
    """The weekly clinics of a department that have not ended."""
    with transaction() as session:
        return list_templates(session, current_actor(), query)


@api.post("/templates")
@api.input(CreateTemplate, arg_name="command")
@api.output(TemplateView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def create_template(command: CreateTemplate) -> TemplateView:
    """Begin a weekly clinic."""
    return write(
        TemplateView,
        lambda session: templates.create_template(session, current_actor(), command),
    )


@api.get("/templates/<uuid:template_id>")
@api.output(TemplateView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR, Role.ADMINISTRATOR)
def one_template(template_id: UUID) -> TemplateView:
    """One weekly clinic."""
    with transaction() as session:
        return get_template(session, current_actor(), template_id)


@api.patch("/templates/<uuid:template_id>")
@api.input(ChangeTemplate, arg_name="command")
@api.output(TemplateView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def change_template(template_id: UUID, command: ChangeTemplate) -> TemplateView:
    """Change what is given, for sessions that are not open yet."""
    return write(
        TemplateView,
        lambda session: templates.change_template(session, current_actor(), template_id, command),
    )


@api.post("/templates/<uuid:template_id>/end")
@api.input(EndTemplate, arg_name="command")
@api.output(TemplateView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def end_template(template_id: UUID, command: EndTemplate) -> TemplateView:
    """No session after a last day."""
    return write(
        TemplateView,
        lambda session: templates.end_template(session, current_actor(), template_id, command),
    )


@api.post("/template-copies")
@api.input(CopyWeek, arg_name="command")
@api.output(CopiedWeek)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def copy_week(command: CopyWeek) -> CopiedWeek:
    """Copy the week of a doctor or clinic; half-days that are filled are left out and named."""
    return write(CopiedWeek, lambda session: templates.copy_week(session, current_actor(), command))


@api.get("/exceptions")
@api.input(ExceptionQuery, location="query", arg_name="query")
@api.output(Page[ExceptionView])
@api.doc(**SECURED)
@open_to(Role.REGISTRAR, Role.ADMINISTRATOR)
def exceptions(query: ExceptionQuery) -> Page[ExceptionView]:
    """The days to come that differ at an institution."""
    with transaction() as session:
        return list_exceptions(session, current_actor(), query)


@api.post("/exceptions")
@api.input(SetException, arg_name="command")
@api.output(ExceptionView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def set_exception(command: SetException) -> ExceptionView:
    """Close a day, or give it another capacity; said again for the same day, the later holds."""
    return write(
        ExceptionView, lambda session: calendar.set_exception(session, current_actor(), command)
    )


@api.delete("/exceptions/<uuid:exception_id>")
@api.output(ExceptionView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def remove_exception(exception_id: UUID) -> ExceptionView:
    """The day is as usual again; answers what was taken back."""
    return write(
        ExceptionView,
        lambda session: calendar.remove_exception(session, current_actor(), exception_id),
    )


@api.get("/holidays")
@api.output(HolidayList)
@open_to(ANYONE)
def holidays() -> HolidayList:
    """The region's public holidays from today on."""
    with transaction() as session:
        return list_holidays(session)


@api.post("/holidays")
@api.input(SetHoliday, arg_name="command")
@api.output(HolidayView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def set_holiday(command: SetHoliday) -> HolidayView:
    """Make a day a holiday, or name it anew."""
    return write(
        HolidayView, lambda session: calendar.set_holiday(session, current_actor(), command)
    )


@api.delete("/holidays/<day>")
@api.output(HolidayView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def remove_holiday(day: str) -> HolidayView:
    """A day of work again."""
    chosen = day_of(day)
    return write(
        HolidayView, lambda session: calendar.remove_holiday(session, current_actor(), chosen)
    )


@api.get("/rules/<uuid:institution_id>")
@api.output(RulesView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR, Role.ADMINISTRATOR)
def booking_rules(institution_id: UUID) -> RulesView:
    """How an institution takes bookings."""
    with transaction() as session:
        return get_rules(session, current_actor(), institution_id)


@api.post("/rules/<uuid:institution_id>")
@api.output(RulesView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def begin_bookings(institution_id: UUID) -> RulesView:
    """Let an institution take bookings by the region's usual rules; one that does keeps its own."""
    return write(
        RulesView, lambda session: rules.begin_bookings(session, current_actor(), institution_id)
    )


@api.put("/rules/<uuid:institution_id>")
@api.input(ChangeRules, arg_name="command")
@api.output(RulesView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change_rules(institution_id: UUID, command: ChangeRules) -> RulesView:
    """Set all limits, for sessions that are opened later."""
    return write(
        RulesView,
        lambda session: rules.change_rules(session, current_actor(), institution_id, command),
    )


@api.post("/sessions")
@api.input(OpenSession, arg_name="command")
@api.output(SessionView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def open_session(command: OpenSession) -> SessionView:
    """Open one session more."""
    return write(
        SessionView, lambda session: sessions.open_session(session, current_actor(), command)
    )


@api.get("/sessions/<uuid:session_id>")
@api.output(SessionView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR, Role.ADMINISTRATOR)
def one_session(session_id: UUID) -> SessionView:
    """One session slot by slot, with its places by pool."""
    with transaction() as session:
        return get_session(session, current_actor(), session_id)


@api.post("/sessions/<uuid:session_id>/capacity")
@api.input(ChangeCapacity, arg_name="command")
@api.output(SessionView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def change_capacity(session_id: UUID, command: ChangeCapacity) -> SessionView:
    """Another number of patients per slot, never below what is taken (409)."""
    return write(
        SessionView,
        lambda session: sessions.change_capacity(session, current_actor(), session_id, command),
    )


@api.post("/sessions/<uuid:session_id>/places")
@api.input(MovePlaces, arg_name="command")
@api.output(SessionView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def move_places(session_id: UUID, command: MovePlaces) -> SessionView:
    """Free places of one pool become another's."""
    return write(
        SessionView,
        lambda session: sessions.move_places(session, current_actor(), session_id, command),
    )


@api.post("/sessions/<uuid:session_id>/stop")
@api.input(StopSession, arg_name="command")
@api.output(StopOutcome)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def stop_session(session_id: UUID, command: StopSession) -> StopOutcome:
    """Stop a session: its patients are told and offered another place."""
    return write(
        StopOutcome,
        lambda session: stopping.stop_session(session, current_actor(), session_id, command),
    )


@api.post("/sessions/<uuid:session_id>/resume")
@api.output(SessionView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def resume_session(session_id: UUID) -> SessionView:
    """Take bookings again; those that ended stay ended."""
    return write(
        SessionView, lambda session: stopping.resume_session(session, current_actor(), session_id)
    )


@api.get("/sessions/<uuid:session_id>/stopped-bookings")
@api.output(StoppedBookings)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def stopped_bookings(session_id: UUID) -> StoppedBookings:
    """Whose bookings stops of the session ended, whether they were told and where they go now."""
    with transaction() as session:
        return StoppedBookings(items=list_stopped(session, current_actor(), session_id))


@api.post("/stops/preview")
@api.input(StopDays, arg_name="command")
@api.output(StopOutcome)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def preview_stop(command: StopDays) -> StopOutcome:
    """What a stop would end; nothing is changed."""
    with transaction() as session:
        return stopping.preview_stop(session, current_actor(), command)


@api.post("/stops")
@api.input(StopDays, arg_name="command")
@api.output(StopOutcome)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def stop_days(command: StopDays) -> StopOutcome:
    """Stop all sessions of a doctor, a clinic or a department in some days."""
    return write(StopOutcome, lambda session: stopping.stop_days(session, current_actor(), command))


@api.get("/bookings/<uuid:booking_id>/alternatives")
@api.output(SlotList)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def alternatives(booking_id: UUID) -> SlotList:
    """The nearest free slots for a booking that the hospital stopped."""
    with transaction() as session:
        former = get_stopped(session, current_actor(), booking_id)
        found = find_alternatives(session, former.department_id, former.kind, former.starts_at)
        return SlotList(items=found)


@api.post("/bookings/<uuid:booking_id>/instead")
@api.input(ChangeBooking, arg_name="command")
@api.output(BookingView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def instead(booking_id: UUID, command: ChangeBooking) -> BookingView:
    """Take a place for a booking that the hospital stopped; answers it however often called."""
    return write(
        BookingView,
        lambda session: take_instead(session, current_actor(), booking_id, command),
    )


def day_of(text: str) -> date:
    """The day of an address. Raises NotFound."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound() from None
