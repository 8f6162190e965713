"""Who signed on a visit to a village: the resident, or one who signs for a child or ward."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid
from family_doctor.queries.field import OF_AGE
from family_doctor.queries.signatories import SIGNING
from family_doctor.schemas import FieldSigning
from residents.public import Person, is_ward, people_by_id, standers, tails_of
from residents.schemas import PersonView, age_on


def signer_on_visit(
    session: Session, person: PersonView, signing: FieldSigning, signed_on: date
) -> PersonView:
    """Who signed for this person: they themself, or one who may now, as was said on the tablet.

    Raises Invalid ``identity_mismatch`` for another's paper, Conflict ``minor`` for a child who
    signed, ``not_represented`` where a ward did, or where who signed may not (any more).
    """
    is_child = age_on(person.birth_date, signed_on) < OF_AGE
    if signing.signed_by is None:
        if is_child:
            raise Conflict("minor")
        if session.scalar(select(Person.id).where(Person.id == person.id, is_ward())):
            raise Conflict("not_represented")
        return person
    said = signing.signed_by
    known = standers(session, {person.id}, SIGNING).get(person.id, [])
    found = next(
        (
            each.person
            for each in known
            if (each.person.id, each.relation) == (said.person_id, said.relation)
        ),
        None,
    )
    if found is None or (said.relation == "child" and not is_child):
        raise Conflict("not_represented")
    if found.name != said.name or not has_tail(session, found, said.id_tail):
        raise Invalid("identity_mismatch")
    return people_by_id(session, {found.id})[found.id]


def has_tail(session: Session, person: Person, tail: str | None) -> bool:
    """Whether the paper that a person is known by ends so."""
    return tails_of(session, [person]).get(person.id) == tail
