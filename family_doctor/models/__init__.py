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
from family_doctor.models.field import (
    FieldEntry,
    FieldResident,
    FieldVisit,
)
from family_doctor.models.follow_ups import (
    FollowUp,
)
from family_doctor.models.norms import (
    CareEvent,
    FormVersion,
    NormRow,
    NormVersion,
    Planning,
)
from family_doctor.models.obligations import (
    Obligation,
)
from family_doctor.models.panel import (
    SavedFilter,
)
from family_doctor.models.plans import (
    Digest,
    Plan,
    PlanTemplate,
    ReminderChoice,
)
from family_doctor.models.prescriptions import (
    Medicine,
    PrescriptionRule,
    Refill,
)
from family_doctor.models.proposals import LabelProposal
from family_doctor.models.reports import (
    PointScheme,
    Report,
    ReportRows,
    ReportRun,
)
from family_doctor.models.rules import (
    Move,
    Rule,
)
from family_doctor.models.signing import (
    AgreementText,
    OwnSignature,
    SealedAgreement,
    Signature,
)
from family_doctor.models.teamwork import (
    Absence,
    Assignment,
    Handover,
)
from family_doctor.models.transfers import (
    Offer,
    RenewalInvitation,
    Transfer,
)
from family_doctor.models.waiting import WaitingPack
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
    "Absence",
    "AgreementText",
    "Assignment",
    "Card",
    "CareEvent",
    "Contract",
    "ContractTransition",
    "Digest",
    "Dispute",
    "FieldEntry",
    "FieldResident",
    "FieldVisit",
    "FollowUp",
    "FormVersion",
    "Handover",
    "Introduction",
    "Invitation",
    "InvitationStop",
    "LabelProposal",
    "Medicine",
    "Move",
    "NormRow",
    "NormVersion",
    "Obligation",
    "Offer",
    "OwnSignature",
    "Plan",
    "PlanTemplate",
    "Planning",
    "PointScheme",
    "PrescriptionRule",
    "Presence",
    "Refill",
    "ReminderChoice",
    "RenewalInvitation",
    "Report",
    "ReportRows",
    "ReportRun",
    "Rule",
    "SavedFilter",
    "SealedAgreement",
    "Share",
    "Signature",
    "TeamLoad",
    "Transfer",
    "WaitingPack",
    "WayRule",
]
