"""Tables of the family_doctor room."""

from family_doctor.models.contracts import LIVE_CONTRACT, Contract, ContractTransition, TeamLoad
from family_doctor.models.obligations import Obligation
from family_doctor.models.signing import AgreementText, OwnSignature, SealedAgreement, Signature

__all__ = [
    "LIVE_CONTRACT",
    "AgreementText",
    "Contract",
    "ContractTransition",
    "Obligation",
    "OwnSignature",
    "SealedAgreement",
    "Signature",
    "TeamLoad",
]
