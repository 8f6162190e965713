"""The resident's home: what matters now, composed from the rooms' doors."""

from dataclasses import dataclass

from appointments.public import next_booking
from appointments.schemas import BookingView
from core.access import Actor
from core.database import transaction
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.public import find_active_contract
from family_doctor.schemas import ContractView


@dataclass(frozen=True, slots=True)
class ResidentHome:
    """What a resident sees first; None where there is nothing yet."""

    booking: BookingView | None = None
    contract: ContractView | None = None
    team: TeamView | None = None


def resident_home(actor: Actor) -> ResidentHome:
    """The home of the signed-in resident; empty before the real-name check."""
    if actor.person_id is None:
        return ResidentHome()
    with transaction() as session:
        contract = find_active_contract(session, actor.person_id)
        return ResidentHome(
            booking=next_booking(session, actor),
            contract=contract,
            team=get_team(session, contract.team_id) if contract else None,
        )
