"""Today's work, applications and residents: the team's side."""

from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from core import clock
from core.access import Role, decide
from core.database import transaction
from core.errors import PortalError, StepUpRequired
from core.searching import SearchQuery
from core.web.access import current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.names import named
from core.web.pager import pager
from core.web.writes import write
from directory.public import get_team
from family_doctor.obligations import progress_on
from family_doctor.queries import team as queries
from family_doctor.queries.absences import away_today
from family_doctor.queries.applications import list_applications
from family_doctor.queries.contracts import (
    contract_resource,
    contract_view,
    list_transitions,
    promised,
    read_contract,
)
from family_doctor.queries.desks import Desk
from family_doctor.queries.refunds import find_refund, way_back
from family_doctor.queries.renewals import RENEWABLE, find_invited
from family_doctor.queries.rules import capacity_of, places
from family_doctor.queries.team import panel_resource
from family_doctor.queries.ways import introduction_of
from family_doctor.schemas import (
    Action,
    ContractView,
    PanelSearch,
    PlanAction,
    RejectContract,
    TerminateContract,
    TransferAction,
    WorkSearch,
)
from family_doctor.services import contracts as services
from family_doctor.states import IN_FORCE, State
from family_doctor.web import care_words, ways_words
from family_doctor.web.pages.blueprint import pages
from residents.public import people_by_id
from service_packs.public import list_groups, list_packs

# How many waiting applications today's page shows beside the work.
FIRST = SearchQuery(limit=5)


@pages.get("/today")
@open_to(Role.LEADER, Role.MEMBER)
def today() -> ResponseReturnValue:
    """The day of a team: figures, what to do, who applied."""
    search = read_query(WorkSearch)
    with transaction() as session:
        teams = queries.teams_worked_in(session, current_actor())
        team = queries.require_team(session, current_actor(), teams, search.team_id)
        mine = current_actor().account_id
        figures = queries.team_figures(session, team.id, team.institution_id, mine)
        desk = Desk(figures.staff_id, figures.away)
        staff = desk.whose(search.whose)
        counts = queries.work_by_group(session, team.id, search.due, staff)
        groups = list_groups(session)
        work = queries.list_work(session, team.id, search, staff)
        applications = list_applications(session, team.id, FIRST)
    return render_template(
        "family_doctor/today.html",
        words=care_words,
        team=team,
        teams=teams,
        search=search,
        desk=desk,
        figures=figures,
        capacity=capacity_of(team, figures.taken, figures.per_doctor),
        counts=counts,
        groups=[group for group in groups if group.code in counts],
        work=work.items,
        pager=pager(work),
        applications=applications.items,
        counted={
            "family_doctor.today": figures.overdue + figures.due_today - figures.done_today,
            "family_doctor.applications": figures.applications,
            "family_doctor_prescriptions.of_team": figures.refills,
        },
    )


@pages.get("/applications")
@open_to(Role.LEADER, Role.MEMBER)
def applications() -> ResponseReturnValue:
    """Who applied and waits for an answer, oldest first."""
    search = read_query(PanelSearch)
    with transaction() as session:
        teams = queries.teams_worked_in(session, current_actor())
        team = queries.require_team(session, current_actor(), teams, search.team_id)
        capacity = places(session, [team])[team.id]
        page = list_applications(session, team.id, search)
        away = away_today(session, team.id)
    return render_template(
        "family_doctor/applications.html",
        team=team,
        teams=teams,
        capacity=capacity,
        away=away,
        search=search,
        entries=page.items,
        signs=Role.LEADER in current_actor().roles,
        pager=pager(page),
    )


@pages.get("/panel/<uuid:contract_id>")
@open_to(Role.LEADER, Role.MEMBER)
def resident(contract_id: UUID) -> ResponseReturnValue:
    """A resident of the team, or an applicant to decide on."""
    return _resident_page(contract_id, blank(RejectContract), 200)


@pages.post("/panel/<uuid:contract_id>/accept")
@open_to(Role.LEADER)
def accept(contract_id: UUID) -> ResponseReturnValue:
    """Accept an application."""
    form = blank(RejectContract)
    try:
        done = _decide(
            lambda session: services.accept_contract(session, current_actor(), contract_id)
        )
    except StepUpRequired:
        raise
    except PortalError as error:
        return _resident_page(contract_id, form, form.fail(error))
    if done.state is State.PENDING_SIGNATURE:
        flash(gettext("已同意，协议已发给居民确认。居民确认后签约生效。"), "good")
    else:
        flash(
            gettext("已同意，居民先前在现场签过名，签约到 %(date)s 为止。", date=done.ends_on),
            "good",
        )
    return redirect(url_for("family_doctor.applications"))


@pages.post("/panel/<uuid:contract_id>/reject")
@open_to(Role.LEADER)
def reject(contract_id: UUID) -> ResponseReturnValue:
    """Turn an application down."""
    form = read_form(RejectContract)
    command = form.command
    if command is None:
        return _resident_page(contract_id, form, 422)
    try:
        _decide(
            lambda session: services.reject_contract(session, current_actor(), contract_id, command)
        )
    except PortalError as error:
        return _resident_page(contract_id, form, form.fail(error))
    flash(gettext("已答复居民没有同意，并附上了您写的原因。"), "good")
    return redirect(url_for("family_doctor.applications"))


@pages.get("/panel/<uuid:contract_id>/terminate")
@open_to(Role.LEADER)
def termination(contract_id: UUID) -> ResponseReturnValue:
    """What ending the contract means, and how much is due back, before one does."""
    return _termination_page(contract_id, blank(TerminateContract), 200)


@pages.post("/panel/<uuid:contract_id>/terminate")
@open_to(Role.LEADER)
def terminate(contract_id: UUID) -> ResponseReturnValue:
    """End a resident's contract before its term."""
    form = read_form(TerminateContract)
    command = form.command
    if command is None:
        return _termination_page(contract_id, form, 422)
    try:
        _decide(
            lambda session: services.terminate_contract(
                session, current_actor(), contract_id, command
            )
        )
    except PortalError as error:
        return _termination_page(contract_id, form, form.fail(error))
    flash(gettext("已解约，名额已空出，居民已收到消息。"), "good")
    return redirect(url_for("family_doctor.panel"))


def _decide(work: Callable[[Session], ContractView]) -> ContractView:
    return write(ContractView, work)


def _resident_page(
    contract_id: UUID,
    rejection: Form[RejectContract],
    status: int,
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        row = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
        contract = contract_view(row)
        person = people_by_id(session, {contract.person_id})[contract.person_id]
        team = get_team(session, contract.team_id)
        waits = contract.state is State.APPLIED
        capacity = places(session, [team])[team.id] if waits else None
        promises = promised(session, contract_id) if contract.starts_on else []
        history = list_transitions(session, contract_id)
        introduction = introduction_of(session, row)
        renewable = contract.state in RENEWABLE
        invited = find_invited(session, contract_id) if renewable else None
        packs = list_packs(session) if contract.extra_codes else []
    may_decide, _ = decide(actor, Action.DECIDE, contract_resource(row))
    serves, _ = decide(actor, PlanAction.SERVE, contract_resource(row))
    page = render_template(
        "family_doctor/resident.html",
        contract=contract,
        person=person,
        team=team,
        capacity=capacity,
        promises=promises,
        progress=progress_on(promises, clock.today()),
        history=history,
        introduction=introduction,
        extras=[named(each.name, each.name_en) for each in packs if each.code in row.extra_codes],
        words=ways_words,
        waits=waits,
        in_force=contract.state in IN_FORCE,
        may_decide=may_decide,
        serves=serves,
        renewable=renewable,
        invited=invited,
        may_invite_again=invited is None or invited.again_at <= clock.now(),
        may_transfer=decide(actor, TransferAction.PROPOSE, panel_resource(team))[0],
        rejection=rejection,
    )
    return page, status


def _termination_page(
    contract_id: UUID, form: Form[TerminateContract], status: int
) -> ResponseReturnValue:
    with transaction() as session:
        row = read_contract(session, current_actor(), Action.TERMINATE, contract_id)
        contract = contract_view(row)
        person = people_by_id(session, {contract.person_id})[contract.person_id]
        refund = find_refund(session, row)
        given_back = way_back(session, refund)
    page = render_template(
        "family_doctor/terms/terminate.html",
        contract=contract,
        person=person,
        refund=refund,
        given_back=given_back,
        form=form,
    )
    return page, status
