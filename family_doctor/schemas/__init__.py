"""Commands and views of the family_doctor room. Amounts are integer fen, CNY."""

from family_doctor.schemas.base import Command, Digest, Reason, View
from family_doctor.schemas.contracts import (
    Action,
    AgreementView,
    ApplyForContract,
    Channel,
    ConfirmContract,
    ContractSearch,
    ContractView,
    EndReason,
    RejectContract,
    TerminateContract,
    TerminationReason,
    TransitionView,
)
from family_doctor.schemas.obligations import ObligationState, ObligationView, Progress
from family_doctor.schemas.team import (
    CapacityView,
    Due,
    PanelEntry,
    PanelSearch,
    TeamFigures,
    WorkItem,
    WorkSearch,
)

__all__ = [
    "Action",
    "AgreementView",
    "ApplyForContract",
    "CapacityView",
    "Channel",
    "Command",
    "ConfirmContract",
    "ContractSearch",
    "ContractView",
    "Digest",
    "Due",
    "EndReason",
    "ObligationState",
    "ObligationView",
    "PanelEntry",
    "PanelSearch",
    "Progress",
    "Reason",
    "RejectContract",
    "TeamFigures",
    "TerminateContract",
    "TerminationReason",
    "TransitionView",
    "View",
    "WorkItem",
    "WorkSearch",
]
