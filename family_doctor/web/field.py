"""Signing in a village: the team's visits, one of them, and what waits to be settled."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from core import clock
from core.access import Role, decide
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from directory.schemas import TeamView
from family_doctor.queries import field as queries
from family_doctor.queries.rules import rule_for
from family_doctor.queries.team import panel_resource, require_team, teams_worked_in
from family_doctor.schemas import (
    EntryView,
    FieldAction,
    FieldSearch,
    PrepareVisit,
    SettleEntry,
    VisitEntries,
    VisitView,
)
from family_doctor.schemas.base import Command
from family_doctor.services import field
from family_doctor.web import field_words, wording
from service_packs.public import list_packs
from service_packs.schemas import Tier

pages = Blueprint("family_doctor_field", __name__, url_prefix="/family-doctor/visits")


@pages.context_processor
def name_visits() -> dict[str, object]:
    """Give the templates the wording of states and outcomes, and the day."""
    return {"wording": wording, "words": field_words, "today": clock.today()}


@pages.get("")
@open_to(Role.LEADER, Role.MEMBER)
def listing() -> ResponseReturnValue:
    """The team's visits, and preparing one."""
    return _listing_page(blank(PrepareVisit), 200)


@pages.post("")
@open_to(Role.LEADER, Role.MEMBER)
def prepare() -> ResponseReturnValue:
    """Prepare a visit and go to it."""
    form = read_form(PrepareVisit)
    made = attempt(
        form,
        VisitView,
        lambda session, command: field.prepare_visit(session, current_actor(), command),
    )
    if made is None:
        return _listing_page(form, form.status)
    flash(gettext("已准备好。团队长授权后，就可以载入平板。"), "good")
    return redirect(url_for(".one", visit_id=made.id), 303)


@pages.get("/<uuid:visit_id>")
@open_to(Role.LEADER, Role.MEMBER)
def one(visit_id: UUID) -> ResponseReturnValue:
    """A visit: how it stands, what was signed."""
    return _visit_page(visit_id, blank(SettleEntry), 200)


@pages.post("/<uuid:visit_id>/authorise")
@open_to(Role.LEADER)
def authorise(visit_id: UUID) -> ResponseReturnValue:
    """The leader signs what is going to be signed there."""
    return carry_out(
        Command,
        VisitView,
        lambda session, _: field.authorise_visit(session, current_actor(), visit_id),
        gettext("已授权，可以载入平板了。"),
        url_for(".one", visit_id=visit_id),
    )


@pages.post("/<uuid:visit_id>/cancel")
@open_to(Role.LEADER, Role.MEMBER)
def cancel(visit_id: UUID) -> ResponseReturnValue:
    """Throw a visit away."""
    return carry_out(
        Command,
        VisitView,
        lambda session, _: field.cancel_visit(session, current_actor(), visit_id),
        gettext("这次下乡签约已作废。"),
        url_for(".one", visit_id=visit_id),
    )


@pages.post("/<uuid:visit_id>/entries/<uuid:entry_id>")
@open_to(Role.LEADER, Role.MEMBER)
def settle(visit_id: UUID, entry_id: UUID) -> ResponseReturnValue:
    """Say what the team did about an entry that made no contract."""
    form = read_form(SettleEntry)
    done = attempt(
        form,
        EntryView,
        lambda session, command: field.settle_entry(session, current_actor(), entry_id, command),
    )
    if done is None:
        return _visit_page(visit_id, form, form.status)
    flash(gettext("已记下怎么处理的。"), "good")
    return redirect(url_for(".one", visit_id=visit_id), 303)


def _team(session: Session, team_id: UUID | None) -> tuple[list[TeamView], TeamView]:
    actor = current_actor()
    teams = teams_worked_in(session, actor)
    return teams, require_team(session, actor, teams, team_id)


def _listing_page(form: Form[PrepareVisit], status: int) -> ResponseReturnValue:
    search = read_query(FieldSearch)
    actor = current_actor()
    with transaction() as session:
        teams, team = _team(session, search.team_id)
        page = queries.list_visits(session, actor, team, search)
        villages = queries.villages_of(session, actor, team)
        packs = [pack for pack in list_packs(session) if pack.tier is Tier.BASIC]
        rule = rule_for(session, team.institution_id)
    shown = render_template(
        "family_doctor/field/visits.html",
        team=team,
        teams=teams,
        search=search,
        visits=page.items,
        pager=pager(page),
        villages=villages,
        packs=packs,
        rule=rule,
        form=form,
    )
    return shown, status


def _visit_page(visit_id: UUID, form: Form[SettleEntry], status: int) -> ResponseReturnValue:
    actor, search = current_actor(), read_query(VisitEntries)
    with transaction() as session:
        visit, team = queries.visit_and_team(session, actor, visit_id)
        page = queries.entries_of(session, visit, search)
        leads, _ = decide(actor, FieldAction.AUTHORISE, panel_resource(team))
    shown = render_template(
        "family_doctor/field/visit.html",
        visit=visit,
        team=team,
        leads=leads,
        search=search,
        entries=page.items,
        pager=pager(page),
        form=form,
    )
    return shown, status
