"""Renewing, changing and leaving, each on a page of its own that says beforehand what follows."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core import clock
from core.access import Role
from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from directory.public import get_team, list_teams
from directory.schemas import TeamSearch
from family_doctor.queries.contracts import contract_view, read_contract
from family_doctor.queries.refunds import find_refund, way_back
from family_doctor.queries.rules import places, rule_for
from family_doctor.schemas import (
    Action,
    ChangeContract,
    ContractView,
    RenewalInvited,
    RenewContract,
    TerminateContract,
)
from family_doctor.schemas.base import Command
from family_doctor.services import contracts, succession
from family_doctor.services.extras import choices_for
from family_doctor.services.renewal_invites import invite_to_renew
from family_doctor.services.succession import next_day
from family_doctor.web import wording
from family_doctor.web.extras import read_choice
from residents.public import name_of_other, other_name, people_by_id
from service_packs.schemas import Tier

pages = Blueprint("family_doctor_terms", __name__, url_prefix="/family-doctor")
TEAMS_A_PAGE = 6


@pages.context_processor
def name_states() -> dict[str, object]:
    """Give the templates the wording of states and reasons, and the day."""
    return {"wording": wording, "today": clock.today(), "home_of": home_of}


def home_of(contract_id: UUID, person_id: UUID) -> str:
    """The page about a contract: one's own, or that of somebody one signs for."""
    if person_id == current_actor().person_id:
        return url_for("family_doctor.mine")
    return url_for("family_doctor_ways.application", contract_id=contract_id)


@pages.get("/contracts/<uuid:contract_id>/renew")
@open_to(SIGNED_IN)
def renewal(contract_id: UUID) -> ResponseReturnValue:
    """Renew on the same terms, or for another term."""
    return _renewal_page(contract_id, blank(RenewContract), 200)


@pages.post("/contracts/<uuid:contract_id>/renew")
@open_to(SIGNED_IN)
def renew(contract_id: UUID) -> ResponseReturnValue:
    """Renew."""
    form, actor = read_choice(RenewContract), current_actor()
    new = attempt(
        form,
        ContractView,
        lambda session, command: succession.renew_contract(session, actor, contract_id, command),
    )
    if new is None:
        return _renewal_page(contract_id, form, form.status)
    flash(gettext("续签申请已送到团队，现在的签约照旧。团队签好协议后会发消息给您。"), "good")
    return redirect(home_of(contract_id, new.person_id), 303)


@pages.post("/contracts/<uuid:contract_id>/invite-to-renew")
@open_to(Role.LEADER, Role.MEMBER)
def invite(contract_id: UUID) -> ResponseReturnValue:
    """The team invites the resident to renew."""
    return carry_out(
        Command,
        RenewalInvited,
        lambda session, _: invite_to_renew(session, current_actor(), contract_id),
        gettext("邀请已发出，居民点开消息就能续签。"),
        url_for("family_doctor.resident", contract_id=contract_id),
    )


@pages.get("/contracts/<uuid:contract_id>/change")
@open_to(SIGNED_IN)
def choice(contract_id: UUID) -> ResponseReturnValue:
    """Choose another team or another basic pack."""
    return _choice_page(contract_id, blank(ChangeContract), 200)


@pages.post("/contracts/<uuid:contract_id>/change")
@open_to(SIGNED_IN)
def change(contract_id: UUID) -> ResponseReturnValue:
    """Ask for the change."""
    form, actor = read_choice(ChangeContract), current_actor()
    new = attempt(
        form,
        ContractView,
        lambda session, command: succession.change_contract(session, actor, contract_id, command),
    )
    if new is None:
        return _choice_page(contract_id, form, form.status)
    flash(gettext("更换申请已送出。对方同意、您确认之前，现在的签约照旧。"), "good")
    return redirect(home_of(contract_id, new.person_id), 303)


@pages.post("/contracts/<uuid:contract_id>/withdraw-change")
@open_to(SIGNED_IN)
def withdraw(contract_id: UUID) -> ResponseReturnValue:
    """Take the change back."""
    form, actor = read_form(RenewContract), current_actor()
    kept = attempt(
        form,
        ContractView,
        lambda session, _: succession.withdraw_change(session, actor, contract_id),
    )
    if kept is None:
        flash(form.message, "bad")
        return redirect(url_for("family_doctor_ways.application", contract_id=contract_id), 303)
    flash(gettext("更换已撤回，现在的签约照旧。"), "good")
    return redirect(home_of(contract_id, kept.person_id), 303)


@pages.get("/contracts/<uuid:contract_id>/leave")
@open_to(SIGNED_IN)
def leaving(contract_id: UUID) -> ResponseReturnValue:
    """What leaving means, and how much is due back, before one does."""
    return _leaving_page(contract_id, blank(TerminateContract), 200)


@pages.post("/contracts/<uuid:contract_id>/leave")
@open_to(SIGNED_IN)
def leave(contract_id: UUID) -> ResponseReturnValue:
    """End my contract before its term."""
    form, actor = read_form(TerminateContract), current_actor()
    ended = attempt(
        form,
        ContractView,
        lambda session, command: contracts.terminate_contract(session, actor, contract_id, command),
    )
    if ended is None:
        return _leaving_page(contract_id, form, form.status)
    flash(gettext("已解约，今天之后的服务不再安排。您可以另选团队。"), "good")
    return redirect(home_of(contract_id, ended.person_id), 303)


def _renewal_page(contract_id: UUID, form: Form[RenewContract], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        row = read_contract(session, actor, Action.RENEW, contract_id)
        contract = contract_view(row)
        begins_on = next_day(row) if row.ends_on else None
        person = people_by_id(session, {row.person_id})[row.person_id]
        _, choices = choices_for(session, [person], begins_on)
        team = get_team(session, contract.team_id)
        rule = rule_for(session, contract.institution_id)
    form.values.setdefault("years", str(min(contract.term_years, rule.term_years_max)))
    page = render_template(
        "family_doctor/terms/renew.html",
        choice=choices[person.id],
        contract=contract,
        team=team,
        rule=rule,
        form=form,
        acting_for=other_name(actor, person),
    )
    return page, status


def _choice_page(contract_id: UUID, form: Form[ChangeContract], status: int) -> ResponseReturnValue:
    search, actor = read_query(TeamSearch, limit=TEAMS_A_PAGE), current_actor()
    with transaction() as session:
        row = read_contract(session, actor, Action.CHANGE, contract_id)
        contract = contract_view(row)
        if search.search is None and search.division is None:
            search = search.model_copy(update={"division": contract.division_code})
        found = list_teams(session, search)
        if search.division and not [each for each in found.items if each.id != contract.team_id]:
            # Nobody else nearby: the whole region is shown rather than nothing.
            found = list_teams(session, search.model_copy(update={"division": None}))
        capacity = places(session, found.items)
        person = people_by_id(session, {row.person_id})[row.person_id]
        packs, choices = choices_for(session, [person])
    page = render_template(
        "family_doctor/terms/change.html",
        choice=choices[person.id],
        contract=contract,
        search=search,
        teams=[(team, capacity[team.id]) for team in found.items if team.id != contract.team_id],
        packs=[
            pack for pack in packs if pack.tier is Tier.BASIC and pack.code != contract.pack_code
        ],
        form=form,
        pager=pager(found),
        acting_for=other_name(actor, person),
    )
    return page, status


def _leaving_page(
    contract_id: UUID, form: Form[TerminateContract], status: int
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        row = read_contract(session, actor, Action.TERMINATE, contract_id)
        contract = contract_view(row)
        team = get_team(session, contract.team_id)
        refund = find_refund(session, row)
        given_back = way_back(session, refund)
        acting_for = name_of_other(session, actor, contract.person_id)
    page = render_template(
        "family_doctor/terms/leave.html",
        contract=contract,
        team=team,
        refund=refund,
        given_back=given_back,
        form=form,
        acting_for=acting_for,
    )
    return page, status
