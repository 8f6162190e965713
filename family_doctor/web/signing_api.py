"""/api/v1/family-doctor/…: signatures and sealed files."""

from uuid import UUID

from apiflask.schemas import FileSchema
from flask import Response

from core.access import Role
from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import costly
from core.web.writes import write
from family_doctor.queries import signing as queries
from family_doctor.schemas import KeepSignature, OwnSignatures, OwnSignatureView, SignedAgreement
from family_doctor.services.signing import keep_signature
from family_doctor.web.signing import PDF, file_answer

api = room_api("family_doctor_signing", "Family doctor", "family-doctor")


@api.get("/contracts/<uuid:contract_id>/signatures")
@api.output(SignedAgreement)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def signatures(contract_id: UUID) -> SignedAgreement:
    """What stands under a contract's agreement: both signatures, and the seal once it is made."""
    with transaction() as session:
        return queries.get_signed_agreement(session, current_actor(), contract_id)


@api.get("/contracts/<uuid:contract_id>/agreement.pdf")
@api.output(FileSchema(type="string", format="binary"), content_type=PDF)
@api.doc(**SECURED)
@costly
@open_to(SIGNED_IN)
def sealed_file(contract_id: UUID) -> Response:
    """The sealed agreement (PDF/A-2b with a PAdES seal); `not_sealed` until it is made."""
    return file_answer(contract_id)


@api.get("/own-signatures")
@api.output(OwnSignatures)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def own_signatures() -> OwnSignatures:
    """What one signs agreements with, and what it was before."""
    with transaction() as session:
        return OwnSignatures(items=queries.list_own_signatures(session, current_actor()))


@api.post("/own-signatures")
@api.input(KeepSignature, arg_name="command")
@api.output(OwnSignatureView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.LEADER)
def keep_own_signature(command: KeepSignature) -> OwnSignatureView:
    """Keep a new signature; it replaces the one before."""
    return write(
        OwnSignatureView,
        lambda session: keep_signature(session, current_actor(), command),
    )
