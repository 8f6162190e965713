"""Who signs where one of the staff sees it, in a village or at the desk: the resident, or one who
signs for a child or ward.
"""

from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, Invalid
from core.messages import N_
from family_doctor.queries.field import OF_AGE
from family_doctor.queries.signatories import SIGNING
from family_doctor.schemas import SignedBy
from residents.public import Person, Stander, is_ward, people_by_id, standers, tails_of
from residents.schemas import PersonView, age_on

NOT_THEIRS = N_("现在不能由这个人代签，请选择列出的家长或监护人，或先办理代办关系。")


def signer_on_visit(
    session: Session, person: PersonView, said: SignedBy | None, signed_on: date
) -> PersonView:
    """Who signed for this person: they themself, or one who may now, as was ``said``.

    Raises Invalid ``identity_mismatch`` for another's paper, Conflict ``minor`` for a child who
    signed, ``not_represented`` where a ward did, or where who signed may not (any more).
    """
    if said is None:
        who_signs(session, person, None, signed_on)
        return person
    found = who_signs(session, person, said.person_id, signed_on, said.relation)
    if found is None or found.person.name != said.name:
        raise Invalid("identity_mismatch")
    if not has_tail(session, found.person, said.id_tail):
        raise Invalid("identity_mismatch")
    return people_by_id(session, {found.person.id})[found.person.id]


def who_signs(
    session: Session,
    person: PersonView,
    signer_id: UUID | None,
    signed_on: date,
    relation: Literal["child", "ward"] | None = None,
) -> Stander | None:
    """Whether ``signer_id`` may sign for this person on that day; None is the person themself.

    Raises Conflict ``minor`` or ``not_represented``.
    """
    is_child = age_on(person.birth_date, signed_on) < OF_AGE
    if signer_id is None:
        if is_child:
            raise Conflict("minor", N_("未满 18 周岁，要由在场的家长或监护人代签，请选择谁来签。"))
        if session.scalar(select(Person.id).where(Person.id == person.id, is_ward())):
            raise Conflict("not_represented", N_("有监护人的居民由监护人代签，请选择谁来签。"))
        return None
    known = standers(session, {person.id}, SIGNING).get(person.id, [])
    for each in known:
        fits = each.person.id == signer_id and relation in (None, each.relation)
        if fits and (is_child or each.relation == "ward"):
            return each
    raise Conflict("not_represented", NOT_THEIRS)


def has_tail(session: Session, person: Person, tail: str | None) -> bool:
    """Whether the paper that a person is known by ends so."""
    return tails_of(session, [person]).get(person.id) == tail
