"""/api/v1/family-doctor/agreement-texts: the versions of the agreement's wording."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries import signing as queries
from family_doctor.schemas import AgreementTexts, AgreementTextView, WriteAgreementText
from family_doctor.services import texts as services

api = room_api("family_doctor_texts", "Family doctor", "family-doctor/agreement-texts")


@api.get("")
@api.output(AgreementTexts)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def texts() -> AgreementTexts:
    """All versions, drafts too, the newest first."""
    with transaction() as session:
        return queries.list_texts(session, current_actor())


@api.get("/<uuid:text_id>")
@api.output(AgreementTextView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def text(text_id: UUID) -> AgreementTextView:
    """One version."""
    with transaction() as session:
        return queries.get_text(session, current_actor(), text_id)


@api.post("")
@api.input(WriteAgreementText, arg_name="command")
@api.output(AgreementTextView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def write_text(command: WriteAgreementText) -> AgreementTextView:
    """Write a draft; its version is the next one of its group."""
    return write(
        AgreementTextView,
        lambda session: services.write_text(session, current_actor(), command),
    )


@api.put("/<uuid:text_id>")
@api.input(WriteAgreementText, arg_name="command")
@api.output(AgreementTextView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change_text(text_id: UUID, command: WriteAgreementText) -> AgreementTextView:
    """Change a draft; its group stays."""
    return write(
        AgreementTextView,
        lambda session: services.write_text(session, current_actor(), command, text_id),
    )


@api.post("/<uuid:text_id>/publish")
@api.output(AgreementTextView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def publish_text(text_id: UUID) -> AgreementTextView:
    """Publish a draft for good; agreements are written by it from its first day on."""
    return write(
        AgreementTextView,
        lambda session: services.publish_text(session, current_actor(), text_id),
    )


@api.post("/<uuid:text_id>/discard")
@api.output(AgreementTextView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def discard_text(text_id: UUID) -> AgreementTextView:
    """Throw a draft away."""
    return write(
        AgreementTextView,
        lambda session: services.discard_text(session, current_actor(), text_id),
    )
