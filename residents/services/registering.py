"""People whom the staff register: seen in person, their name and number confirmed."""

from sqlalchemy.orm import Session

from auth.public import phone_index
from core import clock
from directory.public import get_division
from residents.ports import Verdict
from residents.queries import people_by_id
from residents.schemas import PersonView
from residents.services.consents import settle_consents
from residents.services.identity import check_id_number, lock_known, mismatch, register_person


def register_present(
    session: Session,
    name: str,
    id_number: str,
    verdict: Verdict,
    *,
    division_code: str,
    phone: str | None,
) -> PersonView:
    """The person of a name and number that the identity service was asked about, registered where
    they are not known yet. The caller has asked the policy.

    Of somebody known nothing is changed: to change a phone is to change who may join the person.
    Raises Invalid ``bad_id_number`` or ``identity_mismatch``.
    """
    check_id_number(id_number)
    if verdict is not Verdict.MATCH:
        raise mismatch()
    known = lock_known(session, id_number)
    if known is not None:
        if known.name != name:
            raise mismatch()
        return people_by_id(session, {known.id})[known.id]
    person = register_person(
        session,
        name=name,
        id_number=id_number,
        division_code=get_division(session, division_code).code,
        relation="self",
    )
    person.phone, person.phone_index = phone, phone_index(phone) if phone else None
    person.verified_at = clock.now()
    session.flush()
    settle_consents(session, person)
    return people_by_id(session, {person.id})[person.id]
