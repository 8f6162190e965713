"""Residents go to another team: proposed and answered by the leaders, decided by each resident."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role, decide
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from directory.public import get_team, list_teams, teams_by_id
from directory.schemas import TeamSearch, TeamView
from family_doctor.queries.offers import get_offer
from family_doctor.queries.rules import places, rule_for
from family_doctor.queries.team import panel_resource, require_team, teams_worked_in
from family_doctor.queries.transfers import (
    gives,
    list_transfers,
    load_transfer,
    makeup,
    offered_of,
    preview_for,
    views,
)
from family_doctor.schemas import (
    ContractView,
    DeclineTransfer,
    OfferedResident,
    OfferSearch,
    OfferView,
    PreviewTransfer,
    ProposeTransfer,
    Reach,
    TransferAction,
    TransferSearch,
    TransferState,
    TransferView,
)
from family_doctor.schemas.base import Command
from family_doctor.schemas.transfers import RUNNING
from family_doctor.services import offers as offering
from family_doctor.services import transfers
from family_doctor.web import transfer_words as words
from family_doctor.web import wording
from family_doctor.web.selections import TICKED, selection_of

TEAM = (Role.LEADER, Role.MEMBER)
TEAMS_A_PAGE = 8
pages = Blueprint("family_doctor_transfers", __name__, url_prefix="/family-doctor")


@pages.context_processor
def name_things() -> dict[str, object]:
    """Give the templates the words and the day."""
    return {"wording": wording, "words": words, "today": clock.today()}


@pages.get("/transfers/")
@open_to(*TEAM)
def listing() -> ResponseReturnValue:
    """What other teams offer to this one, or what it proposed."""
    search, actor = read_query(TransferSearch), current_actor()
    with transaction() as session:
        teams = teams_worked_in(session, actor)
        team = require_team(session, actor, teams, search.team_id)
        search = search.model_copy(update={"team_id": team.id})
        found = list_transfers(session, actor, search)
    return render_template(
        "family_doctor/transfers/list.html",
        team=team,
        teams=teams,
        search=search,
        found=found.items,
        pager=pager(found),
    )


@pages.get("/transfers/new")
@open_to(Role.LEADER)
def new() -> ResponseReturnValue:
    """Choose the team, see what it means, propose it."""
    return _new(selection_of(PreviewTransfer, request.args), blank(ProposeTransfer), 200)


@pages.post("/transfers/")
@open_to(Role.LEADER)
def propose() -> ResponseReturnValue:
    """Propose the transfer."""
    form, actor = read_form(ProposeTransfer), current_actor()
    made = attempt(
        form, TransferView, lambda session, command: transfers.propose(session, actor, command)
    )
    if made is None:
        asked = selection_of(PreviewTransfer, request.form, "contract_ids")
        return _new(asked, form, form.status)
    flash(
        gettext("已把提议发给%(team)s。对方同意后，再问居民本人。", team=made.to_team_name), "good"
    )
    return redirect(url_for(".show", transfer_id=made.id), 303)


@pages.get("/transfers/<uuid:transfer_id>")
@open_to(*TEAM)
def show(transfer_id: UUID) -> ResponseReturnValue:
    """One transfer, for both teams: the note, of whom it is made, where each resident stands."""
    return _show(transfer_id, blank(DeclineTransfer), 200)


@pages.post("/transfers/<uuid:transfer_id>/accept")
@open_to(Role.LEADER)
def accept(transfer_id: UUID) -> ResponseReturnValue:
    """Take the residents who will consent."""
    return carry_out(
        Command,
        TransferView,
        lambda session, _: transfers.accept(session, current_actor(), transfer_id),
        gettext("已同意，名额留好了。现在会问每位居民，同意并签了新协议的才转过来。"),
        url_for(".show", transfer_id=transfer_id),
    )


@pages.post("/transfers/<uuid:transfer_id>/decline")
@open_to(Role.LEADER)
def decline(transfer_id: UUID) -> ResponseReturnValue:
    """Turn it down."""
    form, actor = read_form(DeclineTransfer), current_actor()
    made = attempt(
        form,
        TransferView,
        lambda session, command: transfers.decline(session, actor, transfer_id, command),
    )
    if made is None:
        return _show(transfer_id, form, form.status)
    flash(gettext("已答复不同意，对方会看到您写的原因。居民的签约没有变化。"), "good")
    return redirect(url_for(".show", transfer_id=transfer_id), 303)


@pages.post("/transfers/<uuid:transfer_id>/withdraw")
@open_to(Role.LEADER)
def withdraw(transfer_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    return carry_out(
        Command,
        TransferView,
        lambda session, _: transfers.withdraw(session, current_actor(), transfer_id),
        gettext("已撤回。问过的居民会收到消息，签约照旧。"),
        url_for(".show", transfer_id=transfer_id),
    )


@pages.get("/offers/<uuid:offer_id>")
@open_to(SIGNED_IN)
def offer(offer_id: UUID) -> ResponseReturnValue:
    """What a resident is asked, and two buttons; a newcomer's name is checked first."""
    if current_actor().person_id is None:
        here = url_for(".offer", offer_id=offer_id)
        return redirect(url_for("residents.verify", next=here), 303)
    return _offer(offer_id, blank(Command), 200)


@pages.post("/offers/<uuid:offer_id>/consent")
@open_to(SIGNED_IN)
def consent(offer_id: UUID) -> ResponseReturnValue:
    """Go to the other team: on to the agreement."""
    form, actor = read_form(Command), current_actor()
    new_one = attempt(
        form, ContractView, lambda session, _: offering.consent(session, actor, offer_id)
    )
    if new_one is None:
        return _offer(offer_id, form, form.status)
    flash(gettext("还差一步：读一读新协议并签名，签好就转过去。签名之前，现在的签约照旧。"), "info")
    return redirect(url_for("family_doctor.agreement", contract_id=new_one.id), 303)


@pages.post("/offers/<uuid:offer_id>/decline")
@open_to(SIGNED_IN)
def stay(offer_id: UUID) -> ResponseReturnValue:
    """Stay."""
    form, actor = read_form(Command), current_actor()
    kept = attempt(form, OfferView, lambda session, _: offering.decline(session, actor, offer_id))
    if kept is None:
        return _offer(offer_id, form, form.status)
    flash(gettext("好的，不换团队，现在的签约照旧。"), "good")
    return redirect(_home(kept), 303)


def _new(
    asked: PreviewTransfer | None, form: Form[ProposeTransfer], status: int
) -> ResponseReturnValue:
    if asked is None:
        return redirect(url_for(".listing"))
    actor, search = current_actor(), read_query(TeamSearch, limit=TEAMS_A_PAGE)
    words_asked = request.args.get("find", "").strip()[:60] or None
    with transaction() as session:
        known = teams_by_id(session, {asked.team_id, asked.to_team_id or asked.team_id})
        team = known.get(asked.team_id) or get_team(session, asked.team_id)
        receiver = known.get(asked.to_team_id) if asked.to_team_id else None
        shown = preview_for(session, actor, team, asked)
        rule = rule_for(session, team.institution_id)
        near = rule.transfer_reach is Reach.INSTITUTION or not words_asked
        search = search.model_copy(
            update={
                "search": words_asked,
                "division": None,
                "institution_id": team.institution_id if near else None,
            }
        )
        found = _others(session, team, search)
        anywhere = rule.transfer_reach is Reach.REGION and not words_asked
        if not found and anywhere and receiver is None:
            # Alone in its institution: the whole region is shown rather than nothing.
            found = _others(session, team, search.model_copy(update={"institution_id": None}))
        capacity = places(session, [*found, receiver] if receiver else found)
    page = render_template(
        "family_doctor/transfers/new.html",
        team=team,
        asked=asked,
        shown=shown,
        rule=rule,
        find=words_asked,
        found=[(each, capacity[each.id]) for each in found],
        receiver=receiver,
        remaining=capacity[receiver.id].remaining if receiver else 0,
        ticked=TICKED,
        form=form,
    )
    return page, status


def _others(session: Session, team: TeamView, search: TeamSearch) -> list[TeamView]:
    return [each for each in list_teams(session, search).items if each.id != team.id]


def _show(transfer_id: UUID, form: Form[DeclineTransfer], status: int) -> ResponseReturnValue:
    actor, search = current_actor(), read_query(OfferSearch)
    with transaction() as session:
        row, giver, receiver = load_transfer(session, actor, transfer_id)
        view = views(session, [row], (giver, receiver))[0]
        own = gives(actor, giver)
        waits = view.state is TransferState.PROPOSED
        blind = waits and not own
        made_of = makeup(session, transfer_id) if blind else None
        decides = waits and _leads(actor, receiver, TransferAction.DECIDE)
        capacity = places(session, [receiver])[receiver.id] if decides else None
        found: Page[OfferedResident] = Page(items=[])
        if not blind:
            found = offered_of(session, transfer_id, search, gives=own)
    page = render_template(
        "family_doctor/transfers/one.html",
        transfer=view,
        team=giver if own else receiver,
        own=own,
        made_of=made_of,
        capacity=capacity,
        may_decide=decides,
        search=search,
        may_withdraw=view.state in RUNNING and _leads(actor, giver, TransferAction.PROPOSE),
        found=found.items,
        pager=pager(found),
        form=form,
    )
    return page, status


def _offer(offer_id: UUID, form: Form[Command], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        shown = get_offer(session, actor, offer_id)
        teams = teams_by_id(session, {shown.from_team_id, shown.to_team_id})
    page = render_template(
        "family_doctor/transfers/offer.html",
        offer=shown,
        old=teams[shown.from_team_id],
        new=teams[shown.to_team_id],
        own=shown.person_id == actor.person_id,
        acting_for=None if shown.person_id == actor.person_id else shown.person_name,
        home=_home(shown),
        form=form,
    )
    return page, status


def _home(shown: OfferView) -> str:
    if shown.person_id == current_actor().person_id:
        return url_for("family_doctor.mine")
    return url_for("family_doctor_ways.application", contract_id=shown.contract_id)


def _leads(actor: Actor, team: TeamView, action: TransferAction) -> bool:
    return decide(actor, action, panel_resource(team))[0]
