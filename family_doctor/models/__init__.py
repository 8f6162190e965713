"""Tables of the family_doctor room."""

from family_doctor.models.contracts import LIVE_CONTRACT, Contract, ContractTransition, TeamLoad
from family_doctor.models.obligations import Obligation

__all__ = [
    "LIVE_CONTRACT",
    "Contract",
    "ContractTransition",
    "Obligation",
    "TeamLoad",
]
