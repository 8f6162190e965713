"""Labels that records speak for: what waits for a doctor of the team, and the doctor's word."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.actions import carry_out
from core.web.forms import blank, read_form, read_query
from core.web.languages import gettext
from family_doctor.queries.proposals import proposals_of_team
from family_doctor.queries.team import require_team, teams_worked_in
from family_doctor.schemas import DeclineProposal, ProposalView
from family_doctor.schemas.base import Command
from family_doctor.services.doctors import DOCTORS, is_one_of
from family_doctor.services.proposals import confirm_proposal, decline_proposal

pages = Blueprint("family_doctor_proposals", __name__, url_prefix="/family-doctor")
TEAM = (Role.LEADER, Role.MEMBER)


class OfTeam(BaseModel):
    """Which team."""

    team_id: UUID | None = None


@pages.get("/label-proposals")
@open_to(*TEAM)
def of_team() -> ResponseReturnValue:
    """What waits for a doctor of one's team."""
    actor = current_actor()
    with transaction() as session:
        teams = teams_worked_in(session, actor)
        team = require_team(session, actor, teams, read_query(OfTeam).team_id)
        found = proposals_of_team(session, actor, team.id)
        doctor = is_one_of(session, actor, DOCTORS)
    return render_template(
        "family_doctor/care/proposals.html",
        team=team,
        teams=teams,
        found=found.items,
        most=found.most,
        doctor=doctor,
        form=blank(DeclineProposal),
    )


@pages.post("/label-proposals/<uuid:proposal_id>/confirm")
@open_to(*TEAM)
def confirm(proposal_id: UUID) -> ResponseReturnValue:
    """The label holds."""
    actor = current_actor()
    return carry_out(
        Command,
        ProposalView,
        lambda session, _: confirm_proposal(session, actor, proposal_id),
        gettext("标签已设置，随访按规范重新安排。"),
        url_for("family_doctor_proposals.of_team"),
    )


@pages.post("/label-proposals/<uuid:proposal_id>/decline")
@open_to(*TEAM)
def decline(proposal_id: UUID) -> ResponseReturnValue:
    """It does not, and why."""
    actor, form = current_actor(), read_form(DeclineProposal)
    if form.command is None:
        flash(gettext("请写明不设置的理由，至少 2 个字。"), "bad")
        return redirect(url_for("family_doctor_proposals.of_team"), 303)
    return carry_out(
        DeclineProposal,
        ProposalView,
        lambda session, command: decline_proposal(session, actor, proposal_id, command),
        gettext("已记录，不设置这个标签。"),
        url_for("family_doctor_proposals.of_team"),
    )
