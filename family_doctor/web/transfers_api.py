"""/api/v1/family-doctor/transfers and …/transfer-offers: residents go to another team."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries import offers as asked
from family_doctor.queries.transfers import (
    get_transfer,
    list_offered,
    list_transfers,
    preview_transfer,
)
from family_doctor.schemas import (
    ContractView,
    DeclineTransfer,
    OfferedResident,
    OfferList,
    OfferSearch,
    OfferView,
    PreviewTransfer,
    ProposeTransfer,
    TransferPreview,
    TransferSearch,
    TransferView,
)
from family_doctor.services import offers, transfers

TEAM = (Role.LEADER, Role.MEMBER)
api = room_api("family_doctor_transfers", "Family doctor", "family-doctor")


@api.post("/transfers/preview")
@api.input(PreviewTransfer, arg_name="command")
@api.output(TransferPreview)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def preview(command: PreviewTransfer) -> TransferPreview:
    """What a transfer would be: how many residents, and the other team's places."""
    with transaction() as session:
        return preview_transfer(session, current_actor(), command)


@api.post("/transfers")
@api.input(ProposeTransfer, arg_name="command")
@api.output(TransferView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def propose(command: ProposeTransfer) -> TransferView:
    """Propose to another team to take residents over; it answers, then each resident decides."""
    return write(TransferView, lambda session: transfers.propose(session, current_actor(), command))


@api.get("/transfers")
@api.input(TransferSearch, location="query", arg_name="search")
@api.output(Page[TransferView])
@api.doc(**SECURED)
@open_to(*TEAM)
def listing(search: TransferSearch) -> Page[TransferView]:
    """The transfers to a team, or with outgoing those it proposed; newest first."""
    with transaction() as session:
        return list_transfers(session, current_actor(), search)


@api.get("/transfers/<uuid:transfer_id>")
@api.output(TransferView)
@api.doc(**SECURED)
@open_to(*TEAM)
def show(transfer_id: UUID) -> TransferView:
    """One transfer, and how many of its residents went over, wait or stayed."""
    with transaction() as session:
        return get_transfer(session, current_actor(), transfer_id)


@api.get("/transfers/<uuid:transfer_id>/residents")
@api.input(OfferSearch, location="query", arg_name="search")
@api.output(Page[OfferedResident])
@api.doc(**SECURED)
@open_to(*TEAM)
def residents(transfer_id: UUID, search: OfferSearch) -> Page[OfferedResident]:
    """The residents of a transfer; to the receiving team those who consented."""
    with transaction() as session:
        return list_offered(session, current_actor(), transfer_id, search)


@api.post("/transfers/<uuid:transfer_id>/accept")
@api.output(TransferView)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def accept(transfer_id: UUID) -> TransferView:
    """Take the residents who will consent; a place is kept for each."""
    return write(
        TransferView, lambda session: transfers.accept(session, current_actor(), transfer_id)
    )


@api.post("/transfers/<uuid:transfer_id>/decline")
@api.input(DeclineTransfer, arg_name="command")
@api.output(TransferView)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def decline(transfer_id: UUID, command: DeclineTransfer) -> TransferView:
    """Turn a proposal down, with a reason."""
    return write(
        TransferView,
        lambda session: transfers.decline(session, current_actor(), transfer_id, command),
    )


@api.post("/transfers/<uuid:transfer_id>/withdraw")
@api.output(TransferView)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def withdraw(transfer_id: UUID) -> TransferView:
    """Take a proposal back, for all who did not consent yet."""
    return write(
        TransferView, lambda session: transfers.withdraw(session, current_actor(), transfer_id)
    )


@api.get("/transfer-offers")
@api.output(OfferList)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def waiting() -> OfferList:
    """The offers that wait for me, or for those for whom I sign."""
    with transaction() as session:
        return OfferList(items=asked.list_offers(session, current_actor()))


@api.get("/transfer-offers/<uuid:offer_id>")
@api.output(OfferView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def offer(offer_id: UUID) -> OfferView:
    """What I am asked: who proposes it, from which team to which, until when."""
    with transaction() as session:
        return asked.get_offer(session, current_actor(), offer_id)


@api.post("/transfer-offers/<uuid:offer_id>/consent")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def consent(offer_id: UUID) -> ContractView:
    """Go to the other team: the answer is the new contract, whose agreement waits to be signed."""
    return write(ContractView, lambda session: offers.consent(session, current_actor(), offer_id))


@api.post("/transfer-offers/<uuid:offer_id>/decline")
@api.output(OfferView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def stay(offer_id: UUID) -> OfferView:
    """Stay with the team that one has."""
    return write(OfferView, lambda session: offers.decline(session, current_actor(), offer_id))
