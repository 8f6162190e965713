"""Tables of the family_doctor room."""

from family_doctor.models.contracts import LIVE_CONTRACT, Contract, ContractTransition, TeamLoad
from family_doctor.models.follow_ups import FollowUp
from family_doctor.models.norms import CareEvent, FormVersion, NormRow, NormVersion, Planning
from family_doctor.models.obligations import Obligation
from family_doctor.models.plans import Digest, Plan, PlanTemplate, ReminderChoice

__all__ = [
    "LIVE_CONTRACT",
    "CareEvent",
    "Contract",
    "ContractTransition",
    "Digest",
    "FollowUp",
    "FormVersion",
    "NormRow",
    "NormVersion",
    "Obligation",
    "Plan",
    "PlanTemplate",
    "Planning",
    "ReminderChoice",
    "TeamLoad",
]
