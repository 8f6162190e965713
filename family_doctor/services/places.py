"""A team's places: taken and given back by single statements, one for each resident."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.messages import N_
from family_doctor.models import Contract, TeamLoad
from family_doctor.schemas import SAME_TEAM, Kind
from family_doctor.states import HOLDING_A_PLACE, State

FULL = N_("这个团队的签约名额已满，请选择附近的其他团队。")


def shares_place(contract: Contract) -> bool:
    """Whether the contract is to succeed one of the same team, and so uses its place."""
    return contract.succeeding and Kind(contract.kind) in SAME_TEAM


def holds_place(contract: Contract) -> bool:
    """Whether one of the team's places is this contract's own."""
    return State(contract.state) in HOLDING_A_PLACE and not shares_place(contract)


def take_place(session: Session, team_id: UUID, capacity: int, number: int = 1) -> None:
    """Take one of the team's places, or all of a ``number`` or none, with one statement that two
    acceptances cannot both pass.

    Raises Conflict ``team_full``.
    """
    if capacity < number:
        raise Conflict("team_full", FULL)
    claim = postgresql.insert(TeamLoad).values(team_id=team_id, taken=number)
    claim = claim.on_conflict_do_update(
        index_elements=[TeamLoad.team_id],
        set_={"taken": TeamLoad.taken + number},
        where=TeamLoad.taken + number <= capacity,
    )
    if session.execute(claim.returning(TeamLoad.taken)).one_or_none() is None:
        raise Conflict("team_full", FULL)


def release_place(session: Session, team_id: UUID, number: int = 1) -> None:
    """Give one or more of the team's places back."""
    session.execute(
        update(TeamLoad)
        .where(TeamLoad.team_id == team_id)
        .values(taken=TeamLoad.taken - number)
        .execution_options(synchronize_session=False)
    )
