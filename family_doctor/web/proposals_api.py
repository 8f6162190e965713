"""/api/v1/family-doctor/label-proposals: labels that records speak for."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.proposals import proposals_of_team
from family_doctor.schemas import DeclineProposal, ProposalList, ProposalView
from family_doctor.services.proposals import confirm_proposal, decline_proposal

TEAM = (Role.LEADER, Role.MEMBER)
api = room_api("family_doctor_proposals", "Family doctor", "family-doctor")


@api.get("/teams/<uuid:team_id>/label-proposals")
@api.output(ProposalList)
@api.doc(**SECURED)
@open_to(*TEAM)
def of_team(team_id: UUID) -> ProposalList:
    """What waits for a doctor of the team, with the records behind it."""
    with transaction() as session:
        return proposals_of_team(session, current_actor(), team_id)


@api.post("/label-proposals/<uuid:proposal_id>/confirm")
@api.output(ProposalView)
@api.doc(**SECURED)
@open_to(*TEAM)
def confirm(proposal_id: UUID) -> ProposalView:
    """A doctor of the team confirms: the label holds."""
    actor = current_actor()
    return write(ProposalView, lambda session: confirm_proposal(session, actor, proposal_id))


@api.post("/label-proposals/<uuid:proposal_id>/decline")
@api.input(DeclineProposal, arg_name="command")
@api.output(ProposalView)
@api.doc(**SECURED)
@open_to(*TEAM)
def decline(proposal_id: UUID, command: DeclineProposal) -> ProposalView:
    """A doctor of the team declines, with the reason."""
    actor = current_actor()
    return write(
        ProposalView, lambda session: decline_proposal(session, actor, proposal_id, command)
    )
