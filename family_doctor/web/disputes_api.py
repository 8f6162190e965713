"""/api/v1/family-doctor/disputes: what a resident disputes, the answer and the decision."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.disputes import get_dispute, list_disputes
from family_doctor.schemas import (
    AnswerDispute,
    DecideDispute,
    DisputeSearch,
    DisputeView,
    OpenDispute,
)
from family_doctor.services import disputes as services

api = room_api("family_doctor_disputes", "Family doctor", "family-doctor")


@api.post("/contracts/<uuid:contract_id>/disputes")
@api.input(OpenDispute, arg_name="command")
@api.output(DisputeView, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def open_dispute(contract_id: UUID, command: OpenDispute) -> DisputeView:
    """Say what is wrong with one's contract; the team has some days to answer."""
    return write(
        DisputeView,
        lambda session: services.open_dispute(session, current_actor(), contract_id, command),
    )


@api.get("/disputes")
@api.input(DisputeSearch, location="query", arg_name="search")
@api.output(Page[DisputeView])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def disputes(search: DisputeSearch) -> Page[DisputeView]:
    """One's own disputes; with team_id those about a team, with to_decide those one decides."""
    with transaction() as session:
        return list_disputes(session, current_actor(), search)


@api.get("/disputes/<uuid:dispute_id>")
@api.output(DisputeView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def dispute(dispute_id: UUID) -> DisputeView:
    """One dispute."""
    with transaction() as session:
        return get_dispute(session, current_actor(), dispute_id)


@api.post("/disputes/<uuid:dispute_id>/withdraw")
@api.output(DisputeView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def withdraw_dispute(dispute_id: UUID) -> DisputeView:
    """Take one's dispute back."""
    return write(
        DisputeView,
        lambda session: services.withdraw_dispute(session, current_actor(), dispute_id),
    )


@api.post("/disputes/<uuid:dispute_id>/answer")
@api.input(AnswerDispute, arg_name="command")
@api.output(DisputeView)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def answer_dispute(dispute_id: UUID, command: AnswerDispute) -> DisputeView:
    """The team's answer."""
    return write(
        DisputeView,
        lambda session: services.answer_dispute(session, current_actor(), dispute_id, command),
    )


@api.post("/disputes/<uuid:dispute_id>/decide")
@api.input(DecideDispute, arg_name="command")
@api.output(DisputeView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def decide_dispute(dispute_id: UUID, command: DecideDispute) -> DisputeView:
    """The decision; upheld, all of the person's part is due back."""
    return write(
        DisputeView,
        lambda session: services.decide_dispute(session, current_actor(), dispute_id, command),
    )
