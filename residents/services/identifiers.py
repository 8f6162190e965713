"""Papers and cards that staff saw."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from residents.models import Identifier, Person
from residents.queries import standing
from residents.queries.identifiers import book_of, identifier_index, numbers_resource
from residents.schemas import (
    IdentifierAction,
    IdentifierBook,
    IdentifierKind,
    IdentifierSource,
    RecordIdentifier,
)


def record_identifier(
    session: Session, actor: Actor, person_id: UUID, command: RecordIdentifier
) -> IdentifierBook:
    """Staff saw a paper or card of the person; recorded again it is the same.

    Raises NotFound, Denied, Invalid, Conflict ``number_of_another``.
    """
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound()
    person = standing(session, person)
    require(session, actor, IdentifierAction.RECORD, numbers_resource(session, person))
    _check(command)
    index = identifier_index(command.number)
    made = insert(Identifier).values(
        id=new_id(),
        person_id=person.id,
        kind=command.kind.value,
        issuer=command.issuer,
        number=command.number,
        number_index=index,
        valid_from=command.valid_from,
        valid_until=command.valid_until,
        source=IdentifierSource.STAFF.value,
        recorded_by_name=actor.name,
        created_at=clock.now(),
    )
    session.execute(made.on_conflict_do_nothing())
    whose = session.scalar(
        select(Identifier.person_id).where(
            Identifier.kind == command.kind.value,
            Identifier.issuer == command.issuer,
            Identifier.number_index == index,
        )
    )
    if whose != person.id:
        raise Conflict(
            "number_of_another",
            N_(
                "这个号码已登记在另一位居民名下。请核对证件；是同一个人的，请管理员比对后合并档案。"
            ),
        )
    return book_of(session, person)


def _check(command: RecordIdentifier) -> None:
    if command.kind is IdentifierKind.HOSPITAL_CARD and not command.issuer:
        raise _bad("issuer", N_("请填写是哪一家机构的就诊卡。"))
    if command.valid_until and command.valid_from and command.valid_until < command.valid_from:
        raise _bad("valid_until", N_("有效期的结束不能早于开始。"))


def _bad(field: str, sentence: str) -> Invalid:
    return Invalid("bad_identifier", sentence, fields={field: sentence})
