"""An adult lets another person act for them, and either of the two ends it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.public import count_try
from core import clock
from core.access import Actor, require
from core.crypto import blind_index
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.messages import N_
from residents.events import ConsentChanged, ConsentEnded, ConsentGiven
from residents.identity import NumberError, parse_id_number
from residents.models import Person, Representation
from residents.queries import (
    came_of_age,
    consent_resource,
    consent_view,
    find_by_number,
    household_adults,
    live,
    person_resource,
)
from residents.schemas import (
    Basis,
    ChangeConsent,
    ConsentAction,
    GiveConsent,
    RepresentationView,
    Side,
    in_order,
)
from residents.services.holding import hold

# Somebody who tries names and numbers learns nothing, and is stopped all the same.
NAMED_PER_DAY = 10


def count_named(session: Session, actor: Actor) -> None:
    """Count that somebody was named by ID number, in a transaction of its own. Raises TooMany."""
    whose = str(actor.account_id)
    count_try(session, "consent", whose, NAMED_PER_DAY, timedelta(days=1))


def give_consent(session: Session, actor: Actor, command: GiveConsent) -> RepresentationView:
    """Let somebody act for the actor; given again, it is the same consent with these scopes. The
    answer does not tell whether somebody named by ID number is known here.

    Raises Denied, Invalid, or Conflict ``not_of_age``.
    """
    if actor.person_id is None:
        require(session, actor, ConsentAction.GIVE, person_resource(actor.account_id, "000000"))
    own = session.get_one(Person, actor.person_id)
    require(session, actor, ConsentAction.GIVE, person_resource(own.id, own.division_code))
    if own.birth_date > came_of_age():
        raise Conflict("not_of_age", N_("未满 18 周岁由同住的家长代办，不用授权。"))
    basis = Basis.HOUSEHOLD if command.member_id else Basis.NAMED
    found, name, index = _whom(session, actor, command)
    if index == own.id_index or (found and found.id == own.id):
        raise _bad("id_number", N_("不能授权给自己，请填写家人的姓名和身份证号。"))
    held = hold(session, own, found, (name, index), basis, command.scopes, command.until)
    return consent_view(held)


def change_consent(
    session: Session, actor: Actor, representation_id: UUID, command: ChangeConsent
) -> RepresentationView:
    """Let the other do more or less from now on; what a child or ward was bound to, only staff
    change. Raises NotFound, Denied, Conflict ``consent_over``.
    """
    row = session.get(Representation, representation_id)
    if row is None:
        raise NotFound()
    require(session, actor, ConsentAction.CHANGE, consent_resource(row))
    before = (in_order(row.scopes), row.until)
    changed = session.scalar(
        update(Representation)
        .where(Representation.id == row.id, live())
        .values(scopes=[scope.value for scope in command.scopes], until=command.until)
        .returning(Representation.id)
    )
    if changed is None:
        raise Conflict("consent_over", N_("这项授权已经结束，请重新授权。"))
    if (tuple(command.scopes), command.until) != before:
        publish(session, ConsentChanged(representation_id=row.id))
    session.refresh(row)
    return consent_view(row)


def end_consent(session: Session, actor: Actor, representation_id: UUID) -> RepresentationView:
    """End a consent at once, by either side; one that was ended stays so.

    Raises NotFound or Denied.
    """
    row = session.get(Representation, representation_id)
    if row is None:
        raise NotFound()
    require(session, actor, ConsentAction.END, consent_resource(row))
    side = Side.PERSON if actor.person_id == row.person_id else Side.REPRESENTATIVE
    ended = session.scalar(
        update(Representation)
        .where(Representation.id == row.id, Representation.ended_at.is_(None))
        .values(ended_at=clock.now(), ended_by=side.value)
        .returning(Representation.id)
    )
    if ended:
        publish(session, ConsentEnded(representation_id=row.id))
    session.refresh(row)
    return consent_view(row)


def settle_consents(session: Session, person: Person) -> None:
    """Somebody becomes known here: what was given to their name and number holds from now on."""
    pending = select(Representation).where(
        Representation.representative_index == person.id_index,
        Representation.representative_id.is_(None),
        live(),
    )
    for row in session.scalars(pending):
        if row.representative_name == person.name:
            row.representative_id = person.id
            publish(session, ConsentGiven(representation_id=row.id))
    session.flush()


def _whom(session: Session, actor: Actor, command: GiveConsent) -> tuple[Person | None, str, bytes]:
    """The representative where known here, the name as given, and the index of the number."""
    if command.member_id:
        adults = dict(household_adults(session, actor))
        if command.member_id not in adults:
            raise _bad("member_id", N_("请从列出的选项中选择。"))
        member = session.get_one(Person, command.member_id)
        return member, member.name, member.id_index
    if not command.name:
        raise _bad("name", N_("请填写家人的姓名。"))
    try:
        parse_id_number(command.id_number or "")
    except NumberError:
        raise _bad("id_number", N_("请填写家人的 18 位身份证号，并核对最后一位。")) from None
    index = blind_index((command.id_number or "").upper(), "id-number")
    known = find_by_number(session, index)
    return (known if known and known.name == command.name else None), command.name, index


def _bad(field: str, sentence: str) -> Invalid:
    return Invalid("bad_representative", sentence, fields={field: sentence})
