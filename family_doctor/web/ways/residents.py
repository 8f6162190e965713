"""Applying for one's family, sharing a team, and taking back what others applied for."""

from uuid import UUID

import segno
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.database import transaction
from core.errors import PortalError
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.writes import write
from directory.public import get_team
from family_doctor.queries.contracts import find_successor, get_contract
from family_doctor.queries.family import list_family_contracts
from family_doctor.queries.offers import find_offer
from family_doctor.queries.rules import rule_and_places
from family_doctor.queries.signatories import family_to_sign
from family_doctor.queries.ways import get_introduction, get_share
from family_doctor.schemas import (
    ApplyForContract,
    ContractView,
    ShareTeam,
    ShareView,
)
from family_doctor.services.contracts import apply_for_contract
from family_doctor.services.extras import choices_for
from family_doctor.services.present import refuse_application
from family_doctor.services.sharing import share_team
from family_doctor.states import IN_FORCE, State
from family_doctor.web.extras import read_choice_for
from family_doctor.web.ways.arriving import team_of_link
from family_doctor.web.ways.blueprint import pages, whole_link
from residents.public import people_by_id

QR_SCALE = 5


@pages.get("/teams/<uuid:team_id>/family")
@open_to(SIGNED_IN)
def for_family(team_id: UUID) -> ResponseReturnValue:
    """For whom of one's family to apply."""
    return _family_page(team_id, blank(ApplyForContract), 200)


@pages.post("/teams/<uuid:team_id>/family")
@open_to(SIGNED_IN)
def apply_for_family(team_id: UUID) -> ResponseReturnValue:
    """Apply for the chosen one; they are told at once."""
    link = team_of_link(request.form.get("via"), team_id)
    whose = request.form.get("person_id", type=UUID)
    form = read_choice_for(ApplyForContract, whose, team_id=team_id, introduction=link)
    command = form.command
    if command is None or command.person_id is None:
        form.errors.setdefault("person_id", gettext("请选择为谁申请。"))
        return _family_page(team_id, form, 422)
    try:
        made = write(
            ContractView, lambda session: apply_for_contract(session, current_actor(), command)
        )
    except PortalError as error:
        return _family_page(team_id, form, form.fail(error))
    flash(gettext("申请已送到团队，家人也会收到消息。"), "good")
    return redirect(url_for(".application", contract_id=made.id), 303)


@pages.get("/contracts/<uuid:contract_id>/application")
@open_to(SIGNED_IN)
def application(contract_id: UUID) -> ResponseReturnValue:
    """An application made in a resident's name: for whom, by whom, and how to refuse it.

    The SMS leads here somebody who may never have been here: first their name is checked.
    """
    if current_actor().person_id is None:
        here = url_for(".application", contract_id=contract_id)
        return redirect(url_for("residents.verify", next=here), 303)
    return _application_page(contract_id, blank(ApplyForContract), 200)


@pages.get("/family")
@open_to(SIGNED_IN)
def family() -> ResponseReturnValue:
    """The contracts and applications of those for whom one signs."""
    with transaction() as session:
        found = list_family_contracts(session, current_actor())
    return render_template("family_doctor/ways/family_contracts.html", found=found)


@pages.post("/contracts/<uuid:contract_id>/refuse")
@open_to(SIGNED_IN)
def refuse(contract_id: UUID) -> ResponseReturnValue:
    """It was not the resident's wish: the application is taken back."""
    form = blank(ApplyForContract)
    try:
        write(
            ContractView, lambda session: refuse_application(session, current_actor(), contract_id)
        )
    except PortalError as error:
        return _application_page(contract_id, form, form.fail(error))
    flash(gettext("已拒绝，这次申请不再有效。"), "good")
    return redirect(url_for(".application", contract_id=contract_id), 303)


@pages.post("/teams/<uuid:team_id>/share")
@open_to(SIGNED_IN)
def share(team_id: UUID) -> ResponseReturnValue:
    """Make one's own link to the team's page."""
    form = read_form(ShareTeam, team_id=team_id)
    command = form.command or ShareTeam(team_id=team_id)
    made = write(ShareView, lambda session: share_team(session, current_actor(), command))
    return redirect(url_for(".shared", share_id=made.id), 303)


@pages.get("/shares/<uuid:share_id>")
@open_to(SIGNED_IN)
def shared(share_id: UUID) -> ResponseReturnValue:
    """One's own link, as an address to send and a code to show."""
    with transaction() as session:
        made = get_share(session, current_actor(), share_id)
        team = get_team(session, made.team_id)
    address = whole_link(made.link)
    return render_template(
        "family_doctor/ways/shared.html",
        share=made,
        team=team,
        address=address,
        picture=segno.make(address, error="m").svg_data_uri(scale=QR_SCALE, border=2),
    )


def _family_page(team_id: UUID, form: Form[ApplyForContract], status: int) -> ResponseReturnValue:
    link = team_of_link(request.values.get("via"), team_id)
    with transaction() as session:
        team = get_team(session, team_id)
        rule, capacity = rule_and_places(session, team)
        family = family_to_sign(session, current_actor())
        people = people_by_id(session, {each.id for each in family}) if family else {}
        _, choices = choices_for(session, people.values())
    form.values.setdefault("years", str(rule.term_years))
    page = render_template(
        "family_doctor/ways/family.html",
        team=team,
        capacity=capacity,
        rule=rule,
        family=family,
        choices=choices,
        via=link,
        form=form,
    )
    return page, status


def _application_page(
    contract_id: UUID, form: Form[ApplyForContract], status: int
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        contract = get_contract(session, actor, contract_id)
        introduction = get_introduction(session, actor, contract_id)
        team = get_team(session, contract.team_id)
        person = people_by_id(session, {contract.person_id})[contract.person_id]
        following = find_successor(session, contract)
        offer = None if following else find_offer(session, contract.id)
    own = contract.person_id == actor.person_id
    page = render_template(
        "family_doctor/ways/application.html",
        contract=contract,
        introduction=introduction,
        team=team,
        person=person,
        own=own,
        acts=not own and contract.state in IN_FORCE,
        following=following,
        offer=offer,
        may_refuse=contract.state in (State.APPLIED, State.PENDING_SIGNATURE),
        form=form,
    )
    return page, status
