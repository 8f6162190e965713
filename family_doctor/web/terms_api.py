"""/api/v1/family-doctor/contracts/…: renewal, change and refund."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.refunds import get_refund
from family_doctor.schemas import (
    ChangeContract,
    ContractView,
    RefundView,
    RenewalInvited,
    RenewContract,
)
from family_doctor.services import succession as services
from family_doctor.services.renewal_invites import invite_to_renew

api = room_api("family_doctor_terms", "Family doctor", "family-doctor")


@api.post("/contracts/<uuid:contract_id>/renew")
@api.input(RenewContract, arg_name="command")
@api.output(ContractView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def renew_contract(contract_id: UUID, command: RenewContract) -> ContractView:
    """Renew near the end of the term: the team's leader accepts and signs, then the resident. It
    begins the day after the old term.
    """
    return write(
        ContractView,
        lambda session: services.renew_contract(session, current_actor(), contract_id, command),
    )


@api.post("/contracts/<uuid:contract_id>/invite-to-renew")
@api.output(RenewalInvited, status_code=201)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.MEMBER)
def invite_resident(contract_id: UUID) -> RenewalInvited:
    """Send the resident a message that leads straight to renewing: near the end of the term or
    after it, at most once in the days that the rule sets.
    """
    return write(
        RenewalInvited,
        lambda session: invite_to_renew(session, current_actor(), contract_id),
    )


@api.post("/contracts/<uuid:contract_id>/change")
@api.input(ChangeContract, arg_name="command")
@api.output(ContractView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def change_contract(contract_id: UUID, command: ChangeContract) -> ContractView:
    """Ask another team, or the same one for another basic pack; the contract goes on meanwhile.
    The answer is the application.
    """
    return write(
        ContractView,
        lambda session: services.change_contract(session, current_actor(), contract_id, command),
    )


@api.post("/contracts/<uuid:contract_id>/withdraw-change")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def withdraw_change(contract_id: UUID) -> ContractView:
    """Take back the wish to change; the answer is the contract, active again."""
    return write(
        ContractView,
        lambda session: services.withdraw_change(session, current_actor(), contract_id),
    )


@api.get("/contracts/<uuid:contract_id>/refund")
@api.output(RefundView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def refund(contract_id: UUID) -> RefundView:
    """What is due back to the resident, or would be if the contract ended now."""
    with transaction() as session:
        return get_refund(session, current_actor(), contract_id)
