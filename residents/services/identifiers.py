"""Papers and cards that staff saw."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from residents.identity import NumberError
from residents.models import Identifier, Person
from residents.paper_numbers import normal_paper
from residents.queries import standing
from residents.queries.identifiers import book_of, numbers_resource
from residents.queries.known_by import identifier_index
from residents.schemas import (
    PAPERS,
    IdentifierAction,
    IdentifierBook,
    IdentifierKind,
    IdentifierSource,
    RecordIdentifier,
)

FORM_SENTENCES = {
    IdentifierKind.BIRTH_CERTIFICATE: N_("出生医学证明编号是 1 个字母加 9 位数字，请对照原件。"),
    IdentifierKind.HOUSEHOLD_BOOK: N_("户口簿的户号只有数字、字母和短横，请对照原件。"),
    IdentifierKind.PASSPORT: N_("护照号是 5 到 9 位数字或字母，请对照原件。"),
    IdentifierKind.HK_MACAU_PERMIT: N_("通行证号是 H 或 M 加 8 位数字，请对照原件。"),
    IdentifierKind.TAIWAN_PERMIT: N_("通行证号是 8 位数字，请对照原件。"),
    IdentifierKind.RESIDENCE_CARD: N_(
        "永久居留身份证号是 9 开头的 18 位，或 3 个字母加 12 位数字，请对照原件。"
    ),
}


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
    keep_paper(session, actor, person, command)
    return book_of(session, person)


def keep_paper(
    session: Session, actor: Actor, person: Person, command: RecordIdentifier
) -> RecordIdentifier:
    """A paper of the person is recorded, in the one spelling of its number, which is returned; the
    caller has asked the policy. Raises Invalid, Conflict ``number_of_another``.
    """
    command = checked(command)
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
            or_(
                Identifier.kind != IdentifierKind.HOUSEHOLD_BOOK, Identifier.person_id == person.id
            ),
        )
    )
    if whose is None or standing(session, session.get_one(Person, whose)).id != person.id:
        raise Conflict(
            "number_of_another",
            N_(
                "这个号码已登记在另一位居民名下。请核对证件；是同一个人的，请管理员比对后合并档案。"
            ),
        )
    return command


def checked(command: RecordIdentifier) -> RecordIdentifier:
    """The paper with its number in the one spelling. Raises Invalid ``bad_identifier``."""
    if command.kind is IdentifierKind.HOSPITAL_CARD and not command.issuer:
        raise _bad("issuer", N_("请填写是哪一家机构的就诊卡。"))
    if command.valid_until and command.valid_from and command.valid_until < command.valid_from:
        raise _bad("valid_until", N_("有效期的结束不能早于开始。"))
    if command.kind not in PAPERS:
        return command
    try:
        number = normal_paper(command.kind, command.number)
    except NumberError:
        raise _bad("number", FORM_SENTENCES[command.kind]) from None
    return command.model_copy(update={"number": number})


def _bad(field: str, sentence: str) -> Invalid:
    return Invalid("bad_identifier", sentence, fields={field: sentence})
