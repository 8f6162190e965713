"""/api/v1/family-doctor/…/waiting-packs: what was bought beside a contract that ran out."""

from uuid import UUID

from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.waiting import packs_waiting
from family_doctor.schemas import AnswerWaitingPack, WaitingPackList, WaitingPackView
from family_doctor.services.waiting import answer_waiting

api = room_api("family_doctor_waiting", "Family doctor", "family-doctor")


@api.get("/contracts/<uuid:contract_id>/waiting-packs")
@api.output(WaitingPackList)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def waiting_packs(contract_id: UUID) -> WaitingPackList:
    """The packs bought beside a contract that waited when it ran out, and what is due back."""
    with transaction() as session:
        return packs_waiting(session, current_actor(), contract_id)


@api.post("/waiting-packs/<uuid:pack_id>/answer")
@api.input(AnswerWaitingPack, arg_name="command")
@api.output(WaitingPackView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def answer(pack_id: UUID, command: AnswerWaitingPack) -> WaitingPackView:
    """Keep a pack for the next team, or give it back: its unperformed part is due."""
    return write(
        WaitingPackView,
        lambda session: answer_waiting(session, current_actor(), pack_id, command),
    )
