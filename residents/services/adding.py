"""Somebody registered by another paper was given an ID number: it joins to the same person."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from residents.models import Duplicate, Person, Representation
from residents.ports import Verdict
from residents.queries import standing
from residents.queries.identifiers import numbers_resource
from residents.queries.papers import Facts
from residents.schemas import (
    AddNumber,
    FormerIdentity,
    IdentifierAction,
    IdentifierKind,
    NumberAdded,
    PairState,
    Reason,
    Side,
    Step,
)
from residents.services.consents import settle_consents
from residents.services.identity import (
    check_id_number,
    id_index,
    id_tail_index,
    lock_known,
    mismatch,
)
from residents.services.papers import note_step


def may_add_number(session: Session, actor: Actor, person_id: UUID) -> None:
    """Before the identity service is asked: the actor may. Raises NotFound, Denied."""
    _to_number(session, actor, person_id)


def add_number(
    session: Session, actor: Actor, person_id: UUID, command: AddNumber, verdict: Verdict
) -> NumberAdded:
    """The ID number becomes the person's, with what stands on the card; what the record said before
    is kept. Where another record has the number the two are proposed as one person instead, for
    whoever merges. Added twice it is added once.

    Raises NotFound, Denied, Invalid ``bad_id_number``, ``identity_mismatch`` or
    ``number_says_otherwise``, Conflict ``has_number``.
    """
    person = _to_number(session, actor, person_id)
    number = check_id_number(command.id_number)
    if verdict is not Verdict.MATCH:
        raise mismatch()
    other = lock_known(session, command.id_number)
    session.refresh(person, with_for_update=True)
    if other is not None and other.id == person.id:
        return NumberAdded(person_id=person.id)
    if person.id_number is not None:
        raise Conflict("has_number", N_("这位居民已有身份证号。号码不对的，请管理员比对后处理。"))
    if other is not None:
        return NumberAdded(person_id=person.id, pair_id=_propose(session, person, other))
    card = Facts(command.name, number.sex, number.birth_date)
    if card != Facts(person.name, person.sex, person.birth_date) and not command.corrects:
        sentence = N_(
            "身份证上的姓名、性别或出生日期与登记的不同。核对是同一个人后，勾选“以身份证为准”。"
        )
        raise Invalid("number_says_otherwise", sentence, fields={"corrects": sentence})
    _number(session, actor, person, command.id_number, card)
    return NumberAdded(person_id=person.id)


def _to_number(session: Session, actor: Actor, person_id: UUID) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound()
    person = standing(session, person)
    require(session, actor, IdentifierAction.RECORD, numbers_resource(session, person))
    return person


def _number(session: Session, actor: Actor, person: Person, id_number: str, card: Facts) -> None:
    former = FormerIdentity.model_validate(person, from_attributes=True)
    before, index = person.id_index, id_index(id_number)
    note_step(
        session, actor, person, Step.NUMBERED, IdentifierKind.ID_CARD, former.model_dump_json()
    )
    person.name, person.sex, person.birth_date = card.name, card.sex, card.birth_date
    person.id_number, person.id_index = id_number, index
    person.id_tail_index = id_tail_index(id_number)
    session.flush()
    _rename(session, person, before)
    settle_consents(session, person)


def _rename(session: Session, person: Person, before: bytes) -> None:
    """Whoever the person acts for named them by their record; from now on it is by the number. What
    was given to that number meanwhile, and nobody acted by, gives way to what is in force.
    """
    theirs = select(Representation.person_id).where(
        Representation.representative_index == before, Representation.ended_at.is_(None)
    )
    session.execute(
        update(Representation)
        .where(
            Representation.representative_index == person.id_index,
            Representation.representative_id.is_(None),
            Representation.ended_at.is_(None),
            Representation.person_id.in_(theirs),
        )
        .values(ended_at=clock.now(), ended_by=Side.TERM.value)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Representation)
        .where(Representation.representative_index == before)
        .values(representative_index=person.id_index)
        .execution_options(synchronize_session=False)
    )


def _propose(session: Session, person: Person, other: Person) -> UUID:
    """The pair of the two, to be decided; one that was thought to be of two people is so again."""
    first, second = sorted((person, other), key=lambda each: each.id)
    reasons = [Reason.NUMBER_SAME.value]
    if person.name == other.name:
        reasons.insert(0, Reason.NAME_SAME.value)
    made = insert(Duplicate).values(
        id=new_id(),
        first_id=first.id,
        second_id=second.id,
        first_division=first.division_code,
        second_division=second.division_code,
        score=1,
        reasons=reasons,
        state=PairState.WAITING.value,
        found_at=clock.now(),
    )
    session.execute(
        made.on_conflict_do_update(
            index_elements=["first_id", "second_id"],
            set_={
                "state": PairState.WAITING.value,
                "decided_at": None,
                "decided_by": None,
                "decided_by_name": None,
                "note": None,
                "score": 1,
                "reasons": reasons,
            },
            where=Duplicate.state != PairState.MERGED.value,
        )
    )
    return session.scalars(
        select(Duplicate.id).where(Duplicate.first_id == first.id, Duplicate.second_id == second.id)
    ).one()
