"""What the family_doctor room announces."""

from uuid import UUID

from core.events import Event


class ContractEvent(Event):
    """Which contract, whose, with which team."""

    contract_id: UUID
    person_id: UUID
    team_id: UUID


class ContractApplied(ContractEvent):
    """A resident asked a team to become their family doctor."""


class ContractAccepted(ContractEvent):
    """The team accepted; the agreement waits for the resident."""


class ContractRejected(ContractEvent):
    """The team turned the application down."""


class ContractActivated(ContractEvent):
    """Both sides agreed: the contract is in force."""


class ContractEnded(ContractEvent):
    """A contract or its application ended: withdrawn, lapsed, expired or terminated."""
