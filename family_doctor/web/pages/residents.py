"""Finding a team, signing with it, and what it keeps: the residents' side."""

from collections.abc import Callable, Sequence
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from core import clock
from core.database import transaction
from core.errors import PortalError, StepUpRequired
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to, signed_in
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.writes import write
from directory.public import get_team, list_divisions, list_team_members, list_teams
from directory.schemas import DivisionView, TeamSearch
from family_doctor.obligations import progress_on
from family_doctor.queries.assignments import find_carer
from family_doctor.queries.contracts import (
    find_latest_contract,
    find_successor,
    get_for_reading,
    promised,
)
from family_doctor.queries.offers import find_offer
from family_doctor.queries.rules import places, rule_and_places
from family_doctor.queries.signing import signed_agreement
from family_doctor.schemas import (
    ApplyForContract,
    ConfirmContract,
    ContractView,
    ObligationState,
)
from family_doctor.services import contracts as services
from family_doctor.services.extras import choices_for
from family_doctor.states import IN_FORCE, LIVE
from family_doctor.web.extras import read_choice
from family_doctor.web.pages.blueprint import pages
from residents.public import people_by_id

# How many coming services one's own page names; the contract has them all.
SOON = 6
TEAMS_A_PAGE = 12


@pages.get("/")
@open_to(ANYONE)
def find() -> ResponseReturnValue:
    """Find a team by township, name or institution."""
    search = read_query(TeamSearch, limit=TEAMS_A_PAGE)
    with transaction() as session:
        page = list_teams(session, search)
        capacity = places(session, page.items)
        divisions = list_divisions(session)
    return render_template(
        "family_doctor/find.html",
        search=search,
        teams=[(team, capacity[team.id]) for team in page.items],
        places_of_county=_places_of_county(divisions),
        pager=pager(page),
    )


@pages.get("/teams/<uuid:team_id>")
@open_to(ANYONE)
def team(team_id: UUID) -> ResponseReturnValue:
    """A team: who they are, what signing gives, how many places are left."""
    return _team_page(team_id, blank(ApplyForContract), 200)


@pages.post("/teams/<uuid:team_id>/apply")
@open_to(SIGNED_IN)
def apply(team_id: UUID) -> ResponseReturnValue:
    """Apply to this team."""
    form = read_choice(ApplyForContract, team_id=team_id)
    command = form.command
    if command is None:
        return _team_page(team_id, form, 422)
    try:
        contract = write(
            ContractView,
            lambda session: services.apply_for_contract(session, current_actor(), command),
        )
    except PortalError as error:
        return _team_page(team_id, form, form.fail(error))
    flash(
        gettext(
            "申请已送到团队，最晚 %(date)s 前会有答复，届时会发消息告诉您。",
            date=contract.answer_by and clock.local(contract.answer_by).date(),
        ),
        "good",
    )
    return redirect(url_for("family_doctor.mine"))


@pages.get("/mine")
@open_to(SIGNED_IN)
def mine() -> ResponseReturnValue:
    """My family doctor: where my contract stands, what was kept, what comes next."""
    return _mine_page(blank(ApplyForContract), 200)


@pages.get("/contracts/<uuid:contract_id>/agreement")
@open_to(SIGNED_IN)
def agreement(contract_id: UUID) -> ResponseReturnValue:
    """Read the agreement; while it waits for me, consent to it."""
    return _agreement_page(contract_id, None, 200)


@pages.post("/contracts/<uuid:contract_id>/confirm")
@open_to(SIGNED_IN)
def confirm(contract_id: UUID) -> ResponseReturnValue:
    """Consent to the agreement that was shown."""
    form = read_form(ConfirmContract)
    command = form.command
    if command is None:
        return _agreement_page(contract_id, form, 422)
    try:
        contract = write(
            ContractView,
            lambda session: services.confirm_contract(
                session, current_actor(), contract_id, command
            ),
        )
    except StepUpRequired:
        raise
    except PortalError as error:
        return _agreement_page(contract_id, form, form.fail(error))
    own = contract.person_id == current_actor().person_id
    flash(
        gettext("签约已生效，到 %(date)s 为止。每一项服务的时间都排好了，列在下面。",
                date=contract.ends_on)
        if own
        else gettext("签约已生效，到 %(date)s 为止，已经告诉家人。", date=contract.ends_on),
        "good",
    )  # fmt: skip
    if own:
        return redirect(url_for("family_doctor.mine"))
    return redirect(url_for("family_doctor_ways.application", contract_id=contract.id))


@pages.post("/contracts/<uuid:contract_id>/cancel")
@open_to(SIGNED_IN)
def cancel(contract_id: UUID) -> ResponseReturnValue:
    """Withdraw an application or an unsigned agreement."""
    return _mine_after(
        lambda session: services.cancel_contract(session, current_actor(), contract_id),
        gettext("申请已撤回，您可以另选团队。"),
    )


def _places_of_county(
    divisions: Sequence[DivisionView],
) -> list[tuple[DivisionView, list[DivisionView]]]:
    """Each county with its townships, for the filter."""
    townships: dict[str | None, list[DivisionView]] = {}
    for division in divisions:
        townships.setdefault(division.parent_code, []).append(division)
    counties = [division for division in divisions if division.level == "county"]
    return [(county, townships.get(county.code, [])) for county in counties]


def _mine_after(work: Callable[[Session], ContractView], sentence: str) -> ResponseReturnValue:
    form = blank(ApplyForContract)
    try:
        done = write(ContractView, work)
    except PortalError as error:
        return _mine_page(form, form.fail(error))
    flash(sentence, "good")
    if done.person_id == current_actor().person_id:
        return redirect(url_for("family_doctor.mine"))
    # What somebody did for one of their family: the page of what that was about.
    about = done.previous_id or done.id
    return redirect(url_for("family_doctor_ways.application", contract_id=about), 303)


def _team_page(team_id: UUID, form: Form[ApplyForContract], status: int) -> ResponseReturnValue:
    with transaction() as session:
        view = get_team(session, team_id)
        members = list_team_members(session, team_id)
        rule, capacity = rule_and_places(session, view)
        mine = find_latest_contract(session, current_actor()) if signed_in() else None
        live = mine if mine and mine.state in LIVE else None
        person_id = current_actor().person_id if signed_in() and live is None else None
        own = people_by_id(session, {person_id}).values() if person_id else ()
        packs, choices = choices_for(session, own)
    form.values.setdefault("years", str(rule.term_years))
    page = render_template(
        "family_doctor/team.html",
        team=view,
        members=members,
        capacity=capacity,
        packs=packs,
        choice=choices.get(person_id) if person_id else None,
        rule=rule,
        contract=live,
        form=form,
    )
    return page, status


def _mine_page(form: Form[ApplyForContract], status: int) -> ResponseReturnValue:
    with transaction() as session:
        contract = find_latest_contract(session, current_actor())
        view = get_team(session, contract.team_id) if contract else None
        promises = promised(session, contract.id) if contract and contract.starts_on else []
        following = find_successor(session, contract) if contract else None
        carer = find_carer(session, contract.id) if contract else None
        offer = find_offer(session, contract.id) if contract and not following else None
    coming = [each for each in promises if each.state is not ObligationState.DONE]
    page = render_template(
        "family_doctor/mine.html",
        contract=contract,
        team=view,
        in_force=contract is not None and contract.state in IN_FORCE,
        live=contract is not None and contract.state in LIVE,
        progress=progress_on(promises, clock.today()),
        promises=promises,
        coming=coming[:SOON],
        following=following,
        carer=carer,
        offer=offer,
        form=form,
    )
    return page, status


def _agreement_page(
    contract_id: UUID, form: Form[ConfirmContract] | None, status: int
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        contract, text, signer = get_for_reading(session, actor, contract_id)
        view = get_team(session, contract.team_id)
        signed = signed_agreement(session, contract_id)
        whose = signer or contract.person_id
        people = people_by_id(session, {contract.person_id, whose})
    # What is consented to is the text on this page, also when an older one was sent.
    shown = form or blank(ConfirmContract)
    shown.values["agreement_sha256"] = text.sha256
    page = render_template(
        "family_doctor/agreement.html",
        contract=contract,
        agreement=text,
        team=view,
        signed=signed,
        own=actor.person_id == contract.person_id,
        signs=signer is not None,
        resident=people[contract.person_id].name,
        name=people[whose].name,
        form=shown,
    )
    return page, status
