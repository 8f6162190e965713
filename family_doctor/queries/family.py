"""The contracts of those for whom somebody signs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from directory.public import teams_by_id
from family_doctor.models import Contract
from family_doctor.queries.signatories import family_to_sign
from family_doctor.schemas import FamilyContract
from family_doctor.states import LIVE, State


def list_family_contracts(session: Session, actor: Actor) -> list[FamilyContract]:
    """The contracts in force and under way of those for whom the actor may sign, whoever applied,
    the newest first. Raises Denied.
    """
    family = {each.id: each.name for each in family_to_sign(session, actor)}
    if not family:
        return []
    query = (
        select(Contract.id, Contract.person_id, Contract.team_id, Contract.state)
        .where(Contract.person_id.in_(family), Contract.state.in_(LIVE))
        .order_by(Contract.applied_at.desc(), Contract.id.desc())
    )
    rows = session.execute(query).all()
    teams = teams_by_id(session, {row.team_id for row in rows})
    return [
        FamilyContract(
            id=row.id,
            person_id=row.person_id,
            person_name=family[row.person_id],
            team_name=teams[row.team_id].name,
            state=State(row.state),
        )
        for row in rows
    ]
