"""Tables of the family_doctor room."""

from family_doctor.models.contracts import (
    LIVE_CONTRACT,
    SUCCESSOR,
    Contract,
    ContractTransition,
    TeamLoad,
)
from family_doctor.models.disputes import Dispute
from family_doctor.models.obligations import Obligation
from family_doctor.models.rules import Move, Rule

__all__ = [
    "LIVE_CONTRACT",
    "SUCCESSOR",
    "Contract",
    "ContractTransition",
    "Dispute",
    "Move",
    "Obligation",
    "Rule",
    "TeamLoad",
]
