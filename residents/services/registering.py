"""People whom the staff register: seen in person, their name and number confirmed."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.public import phone_index
from core import clock
from core.ids import new_id
from directory.public import get_division
from residents.models import GroupMembership, Person
from residents.ports import Verdict
from residents.queries import people_by_id
from residents.schemas import PersonView
from residents.services.consents import settle_consents
from residents.services.identity import (
    check_id_number,
    group_by_age,
    id_index,
    id_tail_index,
    lock_known,
    mismatch,
)


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
    number = check_id_number(id_number)
    if verdict is not Verdict.MATCH:
        raise mismatch()
    known = lock_known(session, id_number)
    if known is not None:
        if known.name != name:
            raise mismatch()
        return people_by_id(session, {known.id})[known.id]
    now = clock.now()
    person = Person(
        id=new_id(),
        relation="self",
        name=name,
        sex=number.sex,
        birth_date=number.birth_date,
        id_number=id_number.upper(),
        id_index=id_index(id_number),
        id_tail_index=id_tail_index(id_number),
        phone=phone,
        phone_index=phone_index(phone) if phone else None,
        division_code=get_division(session, division_code).code,
        verified_at=now,
        created_at=now,
    )
    session.add(person)
    session.flush()
    session.execute(
        insert(GroupMembership).values(
            person_id=person.id,
            group_code=group_by_age(number),
            source="age",
            since=clock.today(),
        )
    )
    settle_consents(session, person)
    return people_by_id(session, {person.id})[person.id]
