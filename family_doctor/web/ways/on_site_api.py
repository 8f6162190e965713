"""/api/v1/family-doctor/applications/on-site/…: signing at the desk on the team's tablet."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.on_site import get_detail
from family_doctor.schemas import (
    AgreementView,
    ApplyPresent,
    ContractView,
    PrepareAgreement,
    PresenceDetail,
    PresenceView,
    SignOnSite,
    WitnessSigning,
)
from family_doctor.services import on_site as services
from family_doctor.services.present import count_signer_tail
from family_doctor.web.ways.asking import ask_identity

api = room_api("family_doctor_on_site", "Family doctor: signing on site", "family-doctor")
STAFF = (Role.LEADER, Role.MEMBER)


@api.post("/applications/on-site")
@api.input(ApplyPresent, arg_name="command")
@api.output(PresenceView, status_code=201)
@api.doc(**SECURED)
@open_to(*STAFF)
def begin_on_site(command: ApplyPresent) -> PresenceView:
    """Find or register the resident in front of the device."""
    verdict = ask_identity(command)
    return write(
        PresenceView,
        lambda session: services.begin_on_site(session, current_actor(), command, verdict),
    )


@api.get("/applications/on-site/<uuid:presence_id>")
@api.output(PresenceDetail)
@api.doc(**SECURED)
@open_to(*STAFF)
def presence(presence_id: UUID) -> PresenceDetail:
    """How far the resident at the device has come, and who may sign for a child or ward."""
    with transaction() as session:
        return get_detail(session, current_actor(), presence_id)


@api.post("/applications/on-site/<uuid:presence_id>/prepare")
@api.input(PrepareAgreement, arg_name="command")
@api.output(PresenceView)
@api.doc(**SECURED)
@open_to(*STAFF)
def prepare(presence_id: UUID, command: PrepareAgreement) -> PresenceView:
    """Settle who signs, the pack and the years: the text is written."""
    with transaction() as session:
        count_signer_tail(session, current_actor(), presence_id, command)
    return write(
        PresenceView,
        lambda session: services.prepare_agreement(session, current_actor(), presence_id, command),
    )


@api.get("/applications/on-site/<uuid:presence_id>/agreement")
@api.output(AgreementView)
@api.doc(**SECURED)
@open_to(*STAFF)
def agreement(presence_id: UUID) -> AgreementView:
    """The whole text that the resident reads on the tablet, and its digest."""
    with transaction() as session:
        return services.read_on_site(session, current_actor(), presence_id).text


@api.post("/applications/on-site/<uuid:presence_id>/sign")
@api.input(SignOnSite, arg_name="command")
@api.output(PresenceView)
@api.doc(**SECURED)
@open_to(*STAFF)
def sign(presence_id: UUID, command: SignOnSite) -> PresenceView:
    """The resident, or who signs for them, signed on the tablet."""
    return write(
        PresenceView,
        lambda session: services.sign_on_site(session, current_actor(), presence_id, command),
    )


@api.post("/applications/on-site/<uuid:presence_id>/witness")
@api.input(WitnessSigning, arg_name="command")
@api.output(ContractView)
@api.doc(**SECURED)
@open_to(*STAFF)
def witness(presence_id: UUID, command: WitnessSigning) -> ContractView:
    """A member of staff witnesses the signature by a fresh proof: the application is made, and
    accepted at once where the team's leader did it.
    """
    return write(
        ContractView,
        lambda session: services.witness_signing(session, current_actor(), presence_id, command),
    )
