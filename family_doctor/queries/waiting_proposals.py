"""How many proposed labels wait, for the numbers beside the menu."""

from typing import Any

from sqlalchemy import ScalarSelect, func, select

from family_doctor.models import Contract, LabelProposal
from family_doctor.schemas import ProposalState
from family_doctor.states import IN_FORCE

PROPOSAL, CONTRACT = LabelProposal.__table__, Contract.__table__


def proposals_waiting(teams: Any) -> ScalarSelect[int]:
    """How many wait for a doctor of these teams."""
    return (
        select(func.count())
        .select_from(PROPOSAL.join(CONTRACT, CONTRACT.c.person_id == PROPOSAL.c.person_id))
        .where(
            PROPOSAL.c.state == ProposalState.OPEN,
            CONTRACT.c.team_id.in_(teams),
            CONTRACT.c.state.in_(IN_FORCE),
        )
        .scalar_subquery()
    )
