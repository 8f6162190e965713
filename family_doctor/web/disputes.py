"""Disputes: the resident opens one, the team's leader answers, an administrator decides."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core import clock
from core.access import Role, decide
from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from family_doctor.queries.contracts import get_contract
from family_doctor.queries.disputes import (
    decided_at,
    dispute_resource,
    find_dispute,
    list_disputes,
    load_dispute,
    named,
)
from family_doctor.queries.refunds import of_contract
from family_doctor.queries.team import require_team, teams_worked_in
from family_doctor.schemas import (
    AnswerDispute,
    DecideDispute,
    DisputeAction,
    DisputeSearch,
    DisputeView,
    OpenDispute,
)
from family_doctor.schemas.base import Command
from family_doctor.schemas.disputes import TO_DECIDE, WAITING
from family_doctor.services import disputes as services
from family_doctor.web import wording

pages = Blueprint("family_doctor_disputes", __name__, url_prefix="/family-doctor")


@pages.context_processor
def name_states() -> dict[str, object]:
    """Give the templates the wording of states and subjects, and the moment."""
    return {"wording": wording, "today": clock.today(), "now": clock.now()}


@pages.get("/contracts/<uuid:contract_id>/dispute")
@open_to(SIGNED_IN)
def new(contract_id: UUID) -> ResponseReturnValue:
    """Say what is wrong."""
    return _new_page(contract_id, blank(OpenDispute), 200)


@pages.post("/contracts/<uuid:contract_id>/dispute")
@open_to(SIGNED_IN)
def open_one(contract_id: UUID) -> ResponseReturnValue:
    """Send it to the team."""
    form, actor = read_form(OpenDispute), current_actor()
    made = attempt(
        form,
        DisputeView,
        lambda session, command: services.open_dispute(session, actor, contract_id, command),
    )
    if made is None:
        return _new_page(contract_id, form, form.status)
    flash(gettext("异议已送到团队，有答复会发消息告诉您。"), "good")
    return redirect(url_for("family_doctor_disputes.show", dispute_id=made.id), 303)


@pages.get("/disputes")
@open_to(Role.LEADER, Role.MEMBER)
def of_team() -> ResponseReturnValue:
    """What residents dispute about one's team."""
    search = read_query(DisputeSearch)
    with transaction() as session:
        teams = teams_worked_in(session, current_actor())
        team = require_team(session, current_actor(), teams, search.team_id)
        search = search.model_copy(update={"team_id": team.id, "to_decide": False})
        found = list_disputes(session, current_actor(), search)
    return render_template(
        "family_doctor/disputes/team.html",
        team=team,
        teams=teams,
        search=search,
        found=found.items,
        pager=pager(found),
    )


@pages.get("/disputes/to-decide")
@open_to(Role.ADMINISTRATOR)
def to_decide() -> ResponseReturnValue:
    """Those within one's units."""
    search = read_query(DisputeSearch, to_decide=True, team_id=None)
    with transaction() as session:
        found = list_disputes(session, current_actor(), search)
    return render_template(
        "family_doctor/disputes/list.html", search=search, found=found.items, pager=pager(found)
    )


@pages.get("/disputes/<uuid:dispute_id>")
@open_to(SIGNED_IN)
def show(dispute_id: UUID) -> ResponseReturnValue:
    """One dispute, with what the reader may do about it."""
    return _page(dispute_id, blank(AnswerDispute), blank(DecideDispute), 200)


@pages.post("/disputes/<uuid:dispute_id>/withdraw")
@open_to(SIGNED_IN)
def withdraw(dispute_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    actor = current_actor()
    return carry_out(
        Command,
        DisputeView,
        lambda session, _: services.withdraw_dispute(session, actor, dispute_id),
        gettext("异议已撤回。"),
        url_for("family_doctor_disputes.show", dispute_id=dispute_id),
    )


@pages.post("/disputes/<uuid:dispute_id>/answer")
@open_to(Role.LEADER)
def answer(dispute_id: UUID) -> ResponseReturnValue:
    """The team's answer."""
    form, actor = read_form(AnswerDispute), current_actor()
    done = attempt(
        form,
        DisputeView,
        lambda session, command: services.answer_dispute(session, actor, dispute_id, command),
    )
    if done is None:
        return _page(dispute_id, form, blank(DecideDispute), form.status)
    flash(gettext("答复已发给居民，接下来由管理员裁定。"), "good")
    return redirect(url_for("family_doctor_disputes.show", dispute_id=dispute_id), 303)


@pages.post("/disputes/<uuid:dispute_id>/decide")
@open_to(Role.ADMINISTRATOR)
def settle(dispute_id: UUID) -> ResponseReturnValue:
    """The administrator's decision."""
    form, actor = read_form(DecideDispute), current_actor()
    done = attempt(
        form,
        DisputeView,
        lambda session, command: services.decide_dispute(session, actor, dispute_id, command),
    )
    if done is None:
        return _page(dispute_id, blank(AnswerDispute), form, form.status)
    flash(gettext("裁定已记录，双方都能看到理由。"), "good")
    return redirect(url_for("family_doctor_disputes.show", dispute_id=dispute_id), 303)


def _new_page(contract_id: UUID, form: Form[OpenDispute], status: int) -> ResponseReturnValue:
    with transaction() as session:
        contract = get_contract(session, current_actor(), contract_id)
        before = find_dispute(session, contract_id)
    page = render_template(
        "family_doctor/disputes/new.html", contract=contract, before=before, form=form
    )
    return page, status


def _page(
    dispute_id: UUID,
    answering: Form[AnswerDispute],
    deciding: Form[DecideDispute],
    status: int,
) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        row = load_dispute(session, actor, dispute_id, DisputeAction.READ)
        dispute = named(session, [row])[0]
        upheld = dispute.refund_fen is not None
        given_back = of_contract(session, dispute.contract_id) if upheld else []
    resource = dispute_resource(row)
    may = {action.name.lower(): decide(actor, action, resource)[0] for action in DisputeAction}
    may_decide = decide(actor, DisputeAction.DECIDE, decided_at(row))[0]
    page = render_template(
        "family_doctor/disputes/one.html",
        dispute=dispute,
        given_back=given_back,
        own=may["open"],
        may_answer=may["answer"] and dispute.state in WAITING and dispute.answered_at is None,
        may_decide=may_decide and dispute.state in TO_DECIDE,
        waiting=dispute.state in WAITING,
        answering=answering,
        deciding=deciding,
    )
    return page, status
