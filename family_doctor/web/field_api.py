"""/api/v1/family-doctor/visits…: signing in a village, offline."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries import field as queries
from family_doctor.queries.team import require_team, teams_worked_in
from family_doctor.schemas import (
    CloseVisit,
    EntryView,
    FieldPackage,
    FieldSearch,
    LoadVisit,
    PrepareVisit,
    SettleEntry,
    SyncAnswer,
    SyncEntries,
    VisitEntries,
    VisitView,
)
from family_doctor.services import field
from family_doctor.web.field_sync import sync

api = room_api("family_doctor_field", "Family doctor: signing in a village", "family-doctor")


@api.get("/visits")
@api.input(FieldSearch, location="query", arg_name="search")
@api.output(Page[VisitView])
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def visits(search: FieldSearch) -> Page[VisitView]:
    """A team's visits, the newest first."""
    with transaction() as session:
        actor = current_actor()
        team = require_team(session, actor, teams_worked_in(session, actor), search.team_id)
        return queries.list_visits(session, actor, team, search)


@api.post("/visits")
@api.input(PrepareVisit, arg_name="command")
@api.output(VisitView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def prepare(command: PrepareVisit) -> VisitView:
    """Prepare a visit to a village."""
    return write(VisitView, lambda session: field.prepare_visit(session, current_actor(), command))


@api.get("/visits/<uuid:visit_id>")
@api.output(VisitView)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def visit(visit_id: UUID) -> VisitView:
    """How a visit stands."""
    with transaction() as session:
        return queries.get_visit(session, current_actor(), visit_id)


@api.post("/visits/<uuid:visit_id>/authorise")
@api.output(VisitView)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def authorise(visit_id: UUID) -> VisitView:
    """The team's leader signs what is going to be signed there."""
    return write(
        VisitView, lambda session: field.authorise_visit(session, current_actor(), visit_id)
    )


@api.post("/visits/<uuid:visit_id>/load")
@api.input(LoadVisit, arg_name="command")
@api.output(FieldPackage)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def load(visit_id: UUID, command: LoadVisit) -> FieldPackage:
    """The package, for one tablet. It is not kept as an answer: the same word gives it again."""
    with transaction() as session:
        return field.load_visit(session, current_actor(), visit_id, command)


@api.post("/visits/<uuid:visit_id>/entries")
@api.input(SyncEntries, arg_name="command")
@api.output(SyncAnswer)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def sync_entries(visit_id: UUID, command: SyncEntries) -> SyncAnswer:
    """Bring back what was signed, a few at a time. An entry's id is its key: sent again it gets
    the same answer.
    """
    return sync(visit_id, command)


@api.post("/visits/<uuid:visit_id>/close")
@api.input(CloseVisit, arg_name="command")
@api.output(VisitView)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def close(visit_id: UUID, command: CloseVisit) -> VisitView:
    """The tablet has nothing more."""
    return write(
        VisitView, lambda session: field.close_visit(session, current_actor(), visit_id, command)
    )


@api.post("/visits/<uuid:visit_id>/cancel")
@api.output(VisitView)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def cancel(visit_id: UUID) -> VisitView:
    """Throw a visit away."""
    return write(VisitView, lambda session: field.cancel_visit(session, current_actor(), visit_id))


@api.get("/visits/<uuid:visit_id>/entries")
@api.input(VisitEntries, location="query", arg_name="page")
@api.output(Page[EntryView])
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def entries(visit_id: UUID, page: VisitEntries) -> Page[EntryView]:
    """What was signed on a visit, in order."""
    with transaction() as session:
        return queries.list_entries(session, current_actor(), visit_id, page)


@api.get("/visit-entries")
@api.input(FieldSearch, location="query", arg_name="search")
@api.output(Page[EntryView])
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def unsettled(search: FieldSearch) -> Page[EntryView]:
    """Entries of a team that made no contract and wait to be settled."""
    with transaction() as session:
        actor = current_actor()
        team = require_team(session, actor, teams_worked_in(session, actor), search.team_id)
        return queries.list_unsettled(session, actor, team, search)


@api.post("/visit-entries/<uuid:entry_id>/settle")
@api.input(SettleEntry, arg_name="command")
@api.output(EntryView)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def settle(entry_id: UUID, command: SettleEntry) -> EntryView:
    """Say what the team did about such an entry."""
    return write(
        EntryView, lambda session: field.settle_entry(session, current_actor(), entry_id, command)
    )
