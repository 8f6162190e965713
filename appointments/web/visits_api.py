"""/api/v1/appointments/…: visits that are over, what missed ones count, and appeals."""

from uuid import UUID

from appointments.queries.records import list_appeals, list_records
from appointments.queries.visits import list_visits
from appointments.schemas import (
    Appeal,
    AppealQuery,
    AppealView,
    Decide,
    Marked,
    MarkVisit,
    RecordList,
    RecordQuery,
    SuspensionView,
    VisitQuery,
    VisitRow,
)
from appointments.services.visits import appeal, decide_appeal, mark_session, mark_visit
from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write

api = room_api("appointments_visits", "Appointments", "appointments")


@api.get("/visits")
@api.input(VisitQuery, location="query", arg_name="query")
@api.output(Page[VisitRow])
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def visits(query: VisitQuery) -> Page[VisitRow]:
    """An institution's visits of a day that is over, to be marked or marked already."""
    with transaction() as session:
        return list_visits(session, current_actor(), query)


@api.put("/visits/<uuid:booking_id>/outcome")
@api.input(MarkVisit, arg_name="command")
@api.output(Marked)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def mark(booking_id: UUID, command: MarkVisit) -> Marked:
    """Say whether the patient came, or correct it; ``count`` is 0 where that was said before."""
    return write(Marked, lambda session: mark_visit(session, current_actor(), booking_id, command))


@api.put("/sessions/<uuid:session_id>/outcome")
@api.input(MarkVisit, arg_name="command")
@api.output(Marked)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def mark_all(session_id: UUID, command: MarkVisit) -> Marked:
    """Say the same of all patients of a session who are not marked yet."""
    return write(
        Marked, lambda session: mark_session(session, current_actor(), session_id, command)
    )


@api.get("/records")
@api.input(RecordQuery, location="query", arg_name="query")
@api.output(RecordList)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def records(query: RecordQuery) -> RecordList:
    """What counts now against the caller and their family, or against one person."""
    with transaction() as session:
        return RecordList(items=list_records(session, current_actor(), query))


@api.post("/suspensions/<uuid:suspension_id>/appeal")
@api.input(Appeal, arg_name="command")
@api.output(SuspensionView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def say(suspension_id: UUID, command: Appeal) -> SuspensionView:
    """Appeal against a suspension, once."""
    return write(
        SuspensionView, lambda session: appeal(session, current_actor(), suspension_id, command)
    )


@api.get("/appeals")
@api.input(AppealQuery, location="query", arg_name="query")
@api.output(Page[AppealView])
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def appeals(query: AppealQuery) -> Page[AppealView]:
    """Appeals to an institution, the oldest first."""
    with transaction() as session:
        return list_appeals(session, current_actor(), query)


@api.put("/suspensions/<uuid:suspension_id>/decision")
@api.input(Decide, arg_name="command")
@api.output(SuspensionView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def decide(suspension_id: UUID, command: Decide) -> SuspensionView:
    """Answer an appeal: lift the suspension or keep it."""
    return write(
        SuspensionView,
        lambda session: decide_appeal(session, current_actor(), suspension_id, command),
    )
