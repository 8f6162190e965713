"""Tables of the family_doctor room."""

from family_doctor.models.contracts import (
    LIVE_CONTRACT,
    SUCCESSOR,
    Contract,
    ContractTransition,
    TeamLoad,
)
from family_doctor.models.disputes import (
    Dispute,
)
from family_doctor.models.obligations import (
    Obligation,
)
from family_doctor.models.rules import (
    Move,
    Rule,
)
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
    "SUCCESSOR",
    "Card",
    "Contract",
    "ContractTransition",
    "Dispute",
    "Introduction",
    "Invitation",
    "InvitationStop",
    "Move",
    "Obligation",
    "Presence",
    "Rule",
    "Share",
    "TeamLoad",
    "WayRule",
]
