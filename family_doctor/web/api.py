"""/api/v1/family-doctor/…: signing with a team."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page, PageQuery
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries import contracts as queries
from family_doctor.queries.team import get_capacity
from family_doctor.schemas import (
    AgreementView,
    ApplyForContract,
    CapacityView,
    ConfirmContract,
    ContractSearch,
    ContractView,
    ObligationView,
    RejectContract,
    TerminateContract,
)
from family_doctor.services import contracts as services

api = room_api("family_doctor", "Family doctor")


@api.get("/teams/<uuid:team_id>/capacity")
@api.output(CapacityView)
@open_to(ANYONE)
def capacity(team_id: UUID) -> CapacityView:
    """How many residents a team can still sign."""
    with transaction() as session:
        return get_capacity(session, team_id)


@api.get("/contracts")
@api.input(ContractSearch, location="query", arg_name="search")
@api.output(Page[ContractView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def contracts(search: ContractSearch) -> Page[ContractView]:
    """One's own contracts; with team_id those of a team one works in."""
    with transaction() as session:
        return queries.list_contracts(session, current_actor(), search)


@api.post("/contracts")
@api.input(ApplyForContract, arg_name="command")
@api.output(ContractView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def apply_for_contract(command: ApplyForContract) -> ContractView:
    """Apply to a team."""
    return write(
        ContractView,
        lambda session: services.apply_for_contract(session, current_actor(), command),
    )


@api.get("/contracts/<uuid:contract_id>")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def contract(contract_id: UUID) -> ContractView:
    """One contract."""
    with transaction() as session:
        return queries.get_contract(session, current_actor(), contract_id)


@api.get("/contracts/<uuid:contract_id>/agreement")
@api.output(AgreementView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def agreement(contract_id: UUID) -> AgreementView:
    """The agreement's text and digest, from acceptance on."""
    with transaction() as session:
        return queries.get_agreement(session, current_actor(), contract_id)


@api.get("/contracts/<uuid:contract_id>/obligations")
@api.input(PageQuery, location="query", arg_name="page")
@api.output(Page[ObligationView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def obligations(contract_id: UUID, page: PageQuery) -> Page[ObligationView]:
    """What a contract promises, by date."""
    with transaction() as session:
        return queries.list_obligations(session, current_actor(), contract_id, page)


@api.post("/contracts/<uuid:contract_id>/accept")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def accept_contract(contract_id: UUID) -> ContractView:
    """Accept an application; the agreement then waits for the resident."""
    return write(
        ContractView,
        lambda session: services.accept_contract(session, current_actor(), contract_id),
    )


@api.post("/contracts/<uuid:contract_id>/reject")
@api.input(RejectContract, arg_name="command")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def reject_contract(contract_id: UUID, command: RejectContract) -> ContractView:
    """Turn an application down, with the reason."""
    return write(
        ContractView,
        lambda session: services.reject_contract(session, current_actor(), contract_id, command),
    )


@api.post("/contracts/<uuid:contract_id>/confirm")
@api.input(ConfirmContract, arg_name="command")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def confirm_contract(contract_id: UUID, command: ConfirmContract) -> ContractView:
    """Consent to the agreement, named by its digest; the contract is in force from today."""
    return write(
        ContractView,
        lambda session: services.confirm_contract(session, current_actor(), contract_id, command),
    )


@api.post("/contracts/<uuid:contract_id>/cancel")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def cancel_contract(contract_id: UUID) -> ContractView:
    """Withdraw before signing."""
    return write(
        ContractView,
        lambda session: services.cancel_contract(session, current_actor(), contract_id),
    )


@api.post("/contracts/<uuid:contract_id>/terminate")
@api.input(TerminateContract, arg_name="command")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def terminate_contract(contract_id: UUID, command: TerminateContract) -> ContractView:
    """End a contract in force, as its resident or as the team's leader."""
    return write(
        ContractView,
        lambda session: services.terminate_contract(session, current_actor(), contract_id, command),
    )
