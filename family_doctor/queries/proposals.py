"""Proposed labels, for the team that cares for the person."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, require
from core.errors import NotFound
from directory.public import get_team
from family_doctor.models import Contract, LabelProposal
from family_doctor.queries.contracts import contract_resource
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import (
    Action,
    PlanAction,
    ProposalList,
    ProposalState,
    ProposalView,
    SourceRecord,
)
from family_doctor.states import IN_FORCE
from residents.public import people_by_id
from service_packs.public import list_groups

MOST = 100


def proposals_of_team(session: Session, actor: Actor, team_id: UUID) -> ProposalList:
    """What waits for a doctor of a team. Raises NotFound or Denied."""
    team = get_team(session, team_id)
    require(session, actor, Action.READ_PANEL, panel_resource(team))
    query = (
        select(LabelProposal, Contract.id)
        .join(Contract, Contract.person_id == LabelProposal.person_id)
        .where(
            LabelProposal.state == ProposalState.OPEN,
            Contract.team_id == team.id,
            Contract.state.in_(IN_FORCE),
        )
        .order_by(LabelProposal.made_at, LabelProposal.id)
        .limit(MOST)
    )
    rows = [(row[0], row[1]) for row in session.execute(query)]
    return ProposalList(items=_views(session, rows), most=len(rows) == MOST)


def proposals_of_person(session: Session, contract: Contract) -> list[ProposalView]:
    """What waits for a doctor about the resident of a contract. The caller has asked the policy."""
    query = select(LabelProposal).where(
        LabelProposal.person_id == contract.person_id, LabelProposal.state == ProposalState.OPEN
    )
    rows = session.scalars(query.order_by(LabelProposal.made_at, LabelProposal.id))
    return _views(session, [(row, contract.id) for row in rows])


def proposal_to_decide(
    session: Session, actor: Actor, proposal_id: UUID
) -> tuple[LabelProposal, Contract]:
    """The row, held, and the contract of the team that the actor serves in. Raises NotFound or
    Denied.
    """
    row = session.get(LabelProposal, proposal_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound()
    contract = session.scalar(
        select(Contract).where(Contract.person_id == row.person_id, Contract.state.in_(IN_FORCE))
    )
    if contract is None:
        raise NotFound()
    require(session, actor, PlanAction.SERVE, contract_resource(contract))
    return row, contract


def proposal_view(session: Session, row: LabelProposal, contract: Contract) -> ProposalView:
    """One of them. The caller has asked the policy."""
    return _views(session, [(row, contract.id)])[0]


def _views(session: Session, rows: list[tuple[LabelProposal, UUID]]) -> list[ProposalView]:
    if not rows:
        return []
    people = people_by_id(session, {row.person_id for row, _ in rows})
    groups = {group.code: group for group in list_groups(session)}
    return [
        ProposalView(
            id=row.id,
            person_id=row.person_id,
            person_name=people[row.person_id].name,
            contract_id=contract_id,
            group_code=row.group_code,
            group_name=groups[row.group_code].name,
            group_name_en=groups[row.group_code].name_en,
            said=row.said,
            said_en=row.said_en,
            records=tuple(SourceRecord.model_validate(each) for each in row.records),
            state=ProposalState(row.state),
            made_at=row.made_at,
            decided_at=row.decided_at,
            decided_by_name=row.decided_by_name,
        )
        for row, contract_id in rows
    ]
