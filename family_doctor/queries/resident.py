"""What the team sees of a resident beside the contract, part by part, each by the policy."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, decide, require
from family_doctor.follow_ups import readings
from family_doctor.models import Contract, Dispute, FollowUp, FormVersion
from family_doctor.queries.contracts import contract_resource, read_contract
from family_doctor.queries.disputes import dispute_resource, dispute_view
from family_doctor.queries.follow_ups import follow_up_resource
from family_doctor.queries.plans import plans_of
from family_doctor.queries.proposals import proposals_of_person
from family_doctor.queries.served import index_of_contract
from family_doctor.schemas import (
    Action,
    DisputeAction,
    DisputeView,
    FormDefinition,
    PlanAction,
    PlanView,
    ProposalView,
    ServedIndex,
    ShortFollowUp,
)
from family_doctor.states import IN_FORCE
from residents.public import labels_now, people_by_id, who_acts_for
from residents.schemas import ActsFor, LabelView, PersonView
from service_packs.public import item_names

RECENT = 5


class Care(NamedTuple):
    """How a resident is cared for: index, running plans, follow-ups and disputes, newest first."""

    served: ServedIndex
    plans: list[PlanView]
    follow_ups: list[ShortFollowUp]
    disputes: list[DisputeView]


class Around(NamedTuple):
    """Who acts for a resident, the labels that hold, and those that records speak for."""

    person: PersonView
    acting: list[ActsFor]
    labels: list[LabelView]
    proposals: list[ProposalView]


def care_of(session: Session, actor: Actor, contract_id: UUID) -> tuple[Contract, Care]:
    """How the resident of a contract is cared for. Raises NotFound or Denied."""
    contract = _served_by(session, actor, contract_id)
    disputes = session.scalars(
        select(Dispute)
        .where(Dispute.person_id == contract.person_id, Dispute.team_id == contract.team_id)
        .order_by(Dispute.opened_at.desc(), Dispute.id.desc())
        .limit(RECENT)
    )
    return contract, Care(
        served=index_of_contract(session, contract.id),
        plans=[plan for plan in plans_of(session, contract.id) if not plan.ended],
        follow_ups=_follow_ups(session, actor, contract),
        disputes=[
            dispute_view(row)
            for row in disputes
            if decide(actor, DisputeAction.READ, dispute_resource(row))[0]
        ],
    )


def around(session: Session, actor: Actor, contract_id: UUID) -> tuple[Contract, Around]:
    """Who acts for the resident of a contract, and what groups they belong to; nothing once the
    contract is over. Raises NotFound or Denied.
    """
    contract = _served_by(session, actor, contract_id)
    person = people_by_id(session, {contract.person_id})[contract.person_id]
    care = contract_resource(contract).units if contract.state in IN_FORCE else ()
    return contract, Around(
        person,
        acting=who_acts_for(session, actor, person, care),
        labels=labels_now(session, actor, person, care),
        proposals=proposals_of_person(session, contract) if care else [],
    )


def _served_by(session: Session, actor: Actor, contract_id: UUID) -> Contract:
    """The contract, for its team alone: not its resident, nor those who act for them."""
    contract = read_contract(session, actor, Action.READ_CONTRACT, contract_id)
    require(session, actor, PlanAction.SERVE, contract_resource(contract))
    return contract


def _follow_ups(session: Session, actor: Actor, contract: Contract) -> list[ShortFollowUp]:
    """The last ones that the team recorded, with what was measured."""
    query = (
        select(FollowUp, FormVersion.document)
        .join(
            FormVersion,
            (FormVersion.code == FollowUp.form_code)
            & (FormVersion.version == FollowUp.form_version),
        )
        .where(FollowUp.person_id == contract.person_id, FollowUp.team_id == contract.team_id)
        .order_by(FollowUp.performed_at.desc(), FollowUp.id.desc())
        .limit(RECENT)
    )
    rows = [
        (row, FormDefinition.model_validate(form))
        for row, form in session.execute(query)
        if decide(actor, PlanAction.READ_FOLLOW_UP, follow_up_resource(row))[0]
    ]
    names = item_names(session) if rows else {}
    return [
        ShortFollowUp(
            id=row.id,
            item_name=names[row.item_code][0],
            item_name_en=names[row.item_code][1],
            performed_at=row.performed_at,
            result=row.result,
            emergency=row.emergency,
            next_on=row.next_on,
            readings=readings(form, row.document),
        )
        for row, form in rows
    ]
