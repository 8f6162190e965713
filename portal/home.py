"""The resident's home: what matters now, composed from the rooms' doors."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from appointments.public import next_booking
from appointments.schemas import BookingView
from auth.public import list_tiles, places_of_role
from auth.schemas import Tile
from core import clock
from core.access import Actor, Role
from core.database import transaction
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.public import IN_FORCE, LIVE, find_latest_contract, progress_on, promised
from family_doctor.schemas import ContractView, ObligationState, ObligationView, Progress
from residents.public import places_lived_in

# As many promises as a glance takes in.
SOON = 3


@dataclass(frozen=True, slots=True)
class Doctor:
    """The contract that runs or is being made, and what comes next under it."""

    contract: ContractView
    team: TeamView
    progress: Progress
    coming: list[ObligationView]

    @property
    def in_force(self) -> bool:
        """Whether the team already serves the resident."""
        return self.contract.state in IN_FORCE


@dataclass(frozen=True, slots=True)
class ResidentHome:
    """What a resident sees first; None where there is nothing yet."""

    booking: BookingView | None = None
    doctor: Doctor | None = None
    tiles: Sequence[Tile] = ()


def resident_home(actor: Actor) -> ResidentHome:
    """The home of the signed-in resident; empty before the real-name check."""
    if actor.person_id is None:
        return ResidentHome()
    with transaction() as session:
        contract = find_latest_contract(session, actor)
        doctor = None
        if contract is not None and contract.state in LIVE:
            promises = promised(session, contract.id) if contract.starts_on else []
            doctor = Doctor(
                contract=contract,
                team=get_team(session, contract.team_id),
                progress=progress_on(promises, clock.today()),
                coming=[each for each in promises if _waits(each)][:SOON],
            )
        return ResidentHome(
            booking=next_booking(session, actor),
            doctor=doctor,
            tiles=_tiles(session, actor, Role.RESIDENT),
        )


def applications(actor: Actor, role: Role) -> list[Tile]:
    """The applications for what the actor is, where they are it."""
    with transaction() as session:
        return _tiles(session, actor, role)


def _tiles(session: Session, actor: Actor, role: Role) -> list[Tile]:
    """A resident's place is where they live, a colleague's where they hold the role."""
    if role is not Role.RESIDENT:
        return list_tiles(session, role, places_of_role(session, actor, role))
    if actor.person_id is None:
        return []
    return list_tiles(session, role, places_lived_in(actor.person_id))


def _waits(promise: ObligationView) -> bool:
    return promise.state not in (ObligationState.DONE, ObligationState.EXCUSED)
