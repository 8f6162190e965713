"""A team's division of work: who looks after whom, handing residents over, who is away."""

from contextlib import suppress
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core import clock
from core.access import Resource, Role, decide
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from directory.public import find_staff_of_account, get_team, list_team_members
from directory.schemas import TeamView
from family_doctor.queries.assignments import find_carer
from family_doctor.queries.contracts import contract_resource, contract_view, read_contract
from family_doctor.queries.desks import Desk
from family_doctor.queries.handovers import (
    get_handover,
    list_handed,
    list_handovers,
    preview,
    teamwork_of,
)
from family_doctor.queries.team import panel_resource, require_team, teams_worked_in
from family_doctor.queries.transfers import note_for
from family_doctor.schemas import (
    AbsenceView,
    Action,
    HandOver,
    HandoverSearch,
    HandoverView,
    Kind,
    OfTeam,
    PreviewHandover,
    RecordAbsence,
    TeamworkAction,
)
from family_doctor.schemas.base import Command
from family_doctor.services import absences, handing_over
from family_doctor.web import wording
from family_doctor.web.selections import TICKED, selection_of
from residents.public import people_by_id

TEAM = (Role.LEADER, Role.MEMBER)
pages = Blueprint("family_doctor_teamwork", __name__, url_prefix="/family-doctor/teamwork")


@pages.context_processor
def name_things() -> dict[str, object]:
    """Give the templates the words and the day."""
    return {"wording": wording, "today": clock.today()}


@pages.get("/")
@open_to(*TEAM)
def overview() -> ResponseReturnValue:
    """How many residents each member looks after, whom nobody does, who is away."""
    return _overview(read_query(OfTeam).team_id, blank(RecordAbsence), 200)


@pages.post("/absences")
@open_to(*TEAM)
def absent() -> ResponseReturnValue:
    """Record an absence with its substitute."""
    form, actor = read_form(RecordAbsence), current_actor()
    made = attempt(
        form,
        AbsenceView,
        lambda session, command: absences.record_absence(session, actor, command),
    )
    if made is None:
        return _overview(_id_in(form.values, "team_id"), form, form.status)
    flash(
        gettext("已登记，%(name)s请假期间由%(other)s代班。", name=made.staff_name,
                other=made.substitute_name),
        "good",
    )  # fmt: skip
    return redirect(url_for(".overview", team_id=made.team_id), 303)


@pages.post("/absences/<uuid:absence_id>/end")
@open_to(*TEAM)
def end(absence_id: UUID) -> ResponseReturnValue:
    """Back early, or not gone at all."""
    actor = current_actor()
    return carry_out(
        Command,
        AbsenceView,
        lambda session, _: absences.end_absence(session, actor, absence_id),
        gettext("已结束，不再代班。"),
        url_for(".overview", team_id=request.args.get("team_id")),
    )


@pages.get("/residents/<uuid:contract_id>")
@open_to(*TEAM)
def carer(contract_id: UUID) -> ResponseReturnValue:
    """Who looks after a resident, with the handover's note; their page takes it from here."""
    return _carer(contract_id, blank(HandOver), 200)


@pages.get("/handover")
@open_to(Role.LEADER)
def handover() -> ResponseReturnValue:
    """Choose who gets the chosen residents, and see what that means before it happens."""
    asked = selection_of(PreviewHandover, request.args)
    return _handover(asked, blank(HandOver), 200)


@pages.post("/handovers")
@open_to(Role.LEADER)
def hand_over() -> ResponseReturnValue:
    """Hand the residents over."""
    form, actor = read_form(HandOver), current_actor()
    made = attempt(
        form,
        HandoverView,
        lambda session, command: handing_over.hand_over(session, actor, command),
    )
    one = _id_in(form.values, "back_to")
    if made is None and one:
        return _carer(one, form, form.status)
    if made is None:
        asked = selection_of(PreviewHandover, request.form, "contract_ids")
        return _handover(asked, form, form.status)
    flash(
        gettext("%(count)s 位居民已交给%(name)s负责，会发消息告诉居民。", count=made.residents,
                name=made.to_name),
        "good",
    )  # fmt: skip
    if one:
        return redirect(url_for("family_doctor.resident", contract_id=one), 303)
    return redirect(url_for(".overview", team_id=made.team_id), 303)


@pages.get("/handovers")
@open_to(*TEAM)
def handed() -> ResponseReturnValue:
    """What was handed to me, or within the team."""
    search, actor = read_query(HandoverSearch), current_actor()
    with transaction() as session:
        teams = teams_worked_in(session, actor)
        team = require_team(session, actor, teams, search.team_id)
        search = search.model_copy(update={"team_id": team.id})
        found = list_handovers(session, actor, search)
    return render_template(
        "family_doctor/teamwork/handed.html",
        team=team,
        teams=teams,
        search=search,
        found=found.items,
        pager=pager(found),
    )


@pages.get("/handovers/<uuid:handover_id>")
@open_to(*TEAM)
def handed_one(handover_id: UUID) -> ResponseReturnValue:
    """One handover: the note and the residents."""
    search = read_query(HandoverSearch)
    with transaction() as session:
        made = get_handover(session, current_actor(), handover_id)
        team = get_team(session, made.team_id)
        found = list_handed(session, handover_id, search)
    return render_template(
        "family_doctor/teamwork/handed_one.html",
        made=made,
        team=team,
        search=search,
        found=found.items,
        pager=pager(found),
    )


def _overview(team_id: UUID | None, form: Form[RecordAbsence], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        teams = teams_worked_in(session, actor)
        team = require_team(session, actor, teams, team_id)
        work = teamwork_of(session, actor, team)
        staff = find_staff_of_account(session, actor.account_id)
    away = tuple(each.absence for each in work.members if each.absence)
    desk = Desk(staff.id if staff else None, away)
    form.values.setdefault("staff_id", str(desk.staff_id or ""))
    page = render_template(
        "family_doctor/teamwork/overview.html",
        team=team,
        teams=teams,
        work=work,
        desk=desk,
        members=[each for each in work.members if each.duty],
        leads=_leads(team),
        form=form,
    )
    return page, status


def _carer(contract_id: UUID, form: Form[HandOver], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        row = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
        contract = contract_view(row)
        found = find_carer(session, contract_id)
        came = note_for(session, contract_id) if contract.kind is Kind.CHANGE_TEAM else None
        desk = Resource("Panel", str(contract.team_id), None, contract_resource(row).units)
        leads, _ = decide(actor, TeamworkAction.ASSIGN, desk)
        members = list_team_members(session, contract.team_id) if leads else []
        person = people_by_id(session, {contract.person_id})[contract.person_id]
    page = render_template(
        "family_doctor/teamwork/carer.html",
        contract=contract,
        person=person,
        carer=found,
        came=came,
        leads=leads,
        members=members,
        handing=form,
    )
    return page, status


def _handover(
    asked: PreviewHandover | None, form: Form[HandOver], status: int
) -> ResponseReturnValue:
    if asked is None:
        return redirect(url_for(".overview"))
    with transaction() as session:
        team = get_team(session, asked.team_id)
        shown = preview(session, current_actor(), asked)
        members = list_team_members(session, team.id)
    of_one = shown.givers[0] if len(shown.givers) == 1 and shown.givers[0].name else None
    page = render_template(
        "family_doctor/teamwork/handover.html",
        team=team,
        asked=asked,
        shown=shown,
        members=[each for each in members if each.staff_id != asked.member_id],
        receiver=next((each for each in members if each.staff_id == asked.to_staff_id), None),
        giver=of_one,
        ticked=TICKED,
        form=form,
    )
    return page, status


def _id_in(values: dict[str, str], name: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(values.get(name, ""))
    return None


def _leads(team: TeamView) -> bool:
    return decide(current_actor(), TeamworkAction.ASSIGN, panel_resource(team))[0]
