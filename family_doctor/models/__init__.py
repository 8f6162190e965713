"""Tables of the family_doctor room."""

from family_doctor.models.contracts import LIVE_CONTRACT, Contract, ContractTransition, TeamLoad
from family_doctor.models.obligations import Obligation
from family_doctor.models.ways import (
    Card,
    Introduction,
    Invitation,
    InvitationStop,
    Presence,
    Share,
    WayRule,
)

__all__ = [
    "LIVE_CONTRACT",
    "Card",
    "Contract",
    "ContractTransition",
    "Introduction",
    "Invitation",
    "InvitationStop",
    "Obligation",
    "Presence",
    "Share",
    "TeamLoad",
    "WayRule",
]
