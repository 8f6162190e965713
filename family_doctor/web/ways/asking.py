"""Asking the identity service about a resident who is present."""

from core.database import transaction
from core.web.access import current_actor
from family_doctor.schemas import ApplyPresent
from family_doctor.services.present import count_question
from residents.public import Verdict, check_id_number, verifier
from residents.schemas import IdentifierKind


def ask_identity(command: ApplyPresent, *, on_behalf: bool = False) -> Verdict:
    """Whether the name belongs to the number, asked outside any transaction, by one who may ask. Of
    other papers than the ID card nobody outside knows: there the register here has to.

    Raises Invalid, Denied, TooMany or Unavailable.
    """
    is_card = command.kind is IdentifierKind.ID_CARD
    if is_card:
        check_id_number(command.id_number)
    with transaction() as session:
        count_question(session, current_actor(), command, on_behalf=on_behalf)
    if not is_card:
        return Verdict.NOT_FOUND
    return verifier().verify(command.name, command.id_number)
