"""/api/v1/family-doctor/…: follow-ups, excuses, plans, norms and the served index."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.errors import NotFound
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from directory.public import get_team
from family_doctor.queries.contracts import read_contract
from family_doctor.queries.follow_ups import get_follow_up, list_own_follow_ups
from family_doctor.queries.norms import list_forms, show_norms
from family_doctor.queries.plans import list_templates
from family_doctor.queries.served import index_of_contract, index_of_team, list_served
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    Action,
    EndPlan,
    EventView,
    ExcuseObligation,
    FollowUpSearch,
    FollowUpView,
    FormSet,
    GivePlan,
    MakeTemplate,
    NormsView,
    ObligationView,
    PlanView,
    Reclassify,
    RecordEvent,
    RecordFollowUp,
    ResidentFollowUp,
    ServedIndex,
    ServedSearch,
    ServedTeams,
    TemplateList,
    TemplateView,
)
from family_doctor.services import follow_ups, plans

api = room_api("family_doctor_care", "Family doctor: care", "family-doctor")
TEAM = (Role.LEADER, Role.MEMBER)


@api.get("/norms")
@api.output(NormsView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def norms() -> NormsView:
    """The norms in force with their sources."""
    with transaction() as session:
        found = show_norms(session, current_actor())
    if found is None:
        raise NotFound()
    return found


@api.get("/follow-up-forms")
@api.output(FormSet)
@api.doc(**SECURED)
@open_to(*TEAM)
def forms() -> FormSet:
    """The forms of follow-up: fields with type, unit, range, choices, in two languages."""
    with transaction() as session:
        return FormSet(forms=tuple(list_forms(session)))


@api.get("/follow-ups")
@api.input(FollowUpSearch, location="query", arg_name="search")
@api.output(Page[ResidentFollowUp])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def own_follow_ups(search: FollowUpSearch) -> Page[ResidentFollowUp]:
    """One's own follow-ups, or of somebody whose records one may see, newest first."""
    with transaction() as session:
        return list_own_follow_ups(session, current_actor(), search)


@api.post("/follow-ups")
@api.input(RecordFollowUp, arg_name="command")
@api.output(FollowUpView, status_code=201)
@api.doc(**SECURED)
@open_to(*TEAM)
def record(command: RecordFollowUp) -> FollowUpView:
    """Record a follow-up of a resident of one's team."""
    return write(
        FollowUpView,
        lambda session: follow_ups.record_follow_up(session, current_actor(), command),
    )


@api.get("/follow-ups/<uuid:follow_up_id>")
@api.output(FollowUpView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def follow_up(follow_up_id: UUID) -> FollowUpView:
    """A follow-up of one's own, or of one's team."""
    with transaction() as session:
        return get_follow_up(session, current_actor(), follow_up_id)


@api.post("/follow-ups/<uuid:follow_up_id>/class")
@api.input(Reclassify, arg_name="command")
@api.output(FollowUpView)
@api.doc(**SECURED)
@open_to(*TEAM)
def reclassify(follow_up_id: UUID, command: Reclassify) -> FollowUpView:
    """The doctor's own class, with the reason."""
    return write(
        FollowUpView,
        lambda session: follow_ups.reclassify(session, current_actor(), follow_up_id, command),
    )


@api.post("/follow-ups/<uuid:follow_up_id>/seen")
@api.output(FollowUpView)
@api.doc(**SECURED)
@open_to(*TEAM)
def seen(follow_up_id: UUID) -> FollowUpView:
    """Say that an emergency has been taken in hand."""
    return write(
        FollowUpView,
        lambda session: follow_ups.see_to_emergency(session, current_actor(), follow_up_id),
    )


@api.post("/obligations/<uuid:obligation_id>/excuse")
@api.input(ExcuseObligation, arg_name="command")
@api.output(ObligationView)
@api.doc(**SECURED)
@open_to(*TEAM)
def excuse(obligation_id: UUID, command: ExcuseObligation) -> ObligationView:
    """Say why an obligation is not kept."""
    return write(
        ObligationView,
        lambda session: plans.excuse_obligation(session, current_actor(), obligation_id, command),
    )


@api.post("/obligations/<uuid:obligation_id>/complete")
@api.output(ObligationView)
@api.doc(**SECURED)
@open_to(*TEAM)
def complete(obligation_id: UUID) -> ObligationView:
    """Say that a step of a plan was done."""
    return write(
        ObligationView,
        lambda session: plans.complete_step(session, current_actor(), obligation_id),
    )


@api.post("/contracts/<uuid:contract_id>/events")
@api.input(RecordEvent, arg_name="command")
@api.output(EventView, status_code=201)
@api.doc(**SECURED)
@open_to(*TEAM)
def note_event(contract_id: UUID, command: RecordEvent) -> EventView:
    """Note what starts a norm."""
    return write(
        EventView,
        lambda session: plans.record_event(session, current_actor(), contract_id, command),
    )


@api.get("/teams/<uuid:team_id>/plan-templates")
@api.output(TemplateList)
@api.doc(**SECURED)
@open_to(*TEAM)
def templates(team_id: UUID) -> TemplateList:
    """A team's templates in use."""
    with transaction() as session:
        team = get_team(session, team_id)
        units = panel_resource(team).units
        return TemplateList(items=tuple(list_templates(session, current_actor(), team_id, units)))


@api.post("/plan-templates")
@api.input(MakeTemplate, arg_name="command")
@api.output(TemplateView, status_code=201)
@api.doc(**SECURED)
@open_to(*TEAM)
def make_template(command: MakeTemplate) -> TemplateView:
    """Make a template of one's team."""
    return write(
        TemplateView, lambda session: plans.make_template(session, current_actor(), command)
    )


@api.post("/contracts/<uuid:contract_id>/plans")
@api.input(GivePlan, arg_name="command")
@api.output(PlanView, status_code=201)
@api.doc(**SECURED)
@open_to(*TEAM)
def give_plan(contract_id: UUID, command: GivePlan) -> PlanView:
    """Give a template to a resident."""
    return write(
        PlanView,
        lambda session: plans.give_plan(session, current_actor(), contract_id, command),
    )


@api.post("/plans/<uuid:plan_id>/end")
@api.input(EndPlan, arg_name="command")
@api.output(PlanView)
@api.doc(**SECURED)
@open_to(*TEAM)
def end_plan(plan_id: UUID, command: EndPlan) -> PlanView:
    """End a plan early."""
    return write(
        PlanView, lambda session: plans.end_plan(session, current_actor(), plan_id, command)
    )


@api.get("/contracts/<uuid:contract_id>/served")
@api.output(ServedIndex)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def served_of_contract(contract_id: UUID) -> ServedIndex:
    """What was kept of what was due under a contract."""
    with transaction() as session:
        read_contract(session, current_actor(), Action.READ_CONTRACT, contract_id)
        return index_of_contract(session, contract_id)


@api.get("/teams/<uuid:team_id>/served")
@api.input(ServedSearch, location="query", arg_name="search")
@api.output(ServedIndex)
@api.doc(**SECURED)
@open_to(*TEAM, Role.ADMINISTRATOR)
def served_of_team(team_id: UUID, search: ServedSearch) -> ServedIndex:
    """A team's index in a period."""
    with transaction() as session:
        return index_of_team(session, current_actor(), team_id, search)


@api.get("/institutions/<uuid:institution_id>/served")
@api.input(ServedSearch, location="query", arg_name="search")
@api.output(ServedTeams)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def served_of_institution(institution_id: UUID, search: ServedSearch) -> ServedTeams:
    """The index of each team of an institution."""
    with transaction() as session:
        rows = list_served(session, current_actor(), institution_id, search)
        return ServedTeams(items=tuple(rows))
