"""The real-name check: who an account belongs to."""

import hmac
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.public import Account, count_try, link_person
from core import clock
from core.access import Actor, require
from core.crypto import blind_index
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.public import get_division
from residents.identity import IdNumber, NumberError, parse_id_number
from residents.models import Person
from residents.ports import Verdict
from residents.queries import ID_TAIL, find_by_number, person_resource
from residents.schemas import Action, PersonView, VerifyIdentity
from residents.services.consents import settle_consents
from residents.services.labels import label_of_age
from residents.services.numbering import give_record_numbers

CHECKS_PER_DAY = 10

ID_SENTENCES = {
    "length": N_("身份证号应为 18 位，请检查是否漏填。"),
    "characters": N_("身份证号只能是数字，最后一位可以是 X。"),
    "date": N_("身份证号里的出生日期不存在，请检查。"),
    "check_digit": N_("身份证号的最后一位对不上，请检查是否输错。"),
}


def check_id_number(id_number: str) -> IdNumber:
    """Parse by GB 11643. Raises Invalid that names the field and what is wrong."""
    try:
        return parse_id_number(id_number)
    except NumberError as error:
        sentence = ID_SENTENCES.get(error.reason, ID_SENTENCES["characters"])
        raise Invalid("bad_id_number", sentence, fields={"id_number": sentence}) from None


def count_check(session: Session, actor: Actor) -> None:
    """Count a question to the identity service: each costs, and tells whether a name belongs to a
    number. In a transaction of its own. Raises TooMany.
    """
    whose = str(actor.account_id)
    count_try(session, "identity check", whose, CHECKS_PER_DAY, timedelta(days=1))


def join_identity(
    session: Session, actor: Actor, command: VerifyIdentity, verdict: Verdict
) -> PersonView:
    """Join the account to the person that the verifier confirmed.

    A person already known here is joined only if the account proved the phone they registered:
    knowing a name and a number is not being that person. Raises Invalid or Conflict.
    """
    check_id_number(command.id_number)
    require(session, actor, Action.VERIFY, person_resource(actor.account_id, "000000"))
    if verdict is not Verdict.MATCH:
        raise mismatch()
    person = lock_known(session, command.id_number) or _register(session, actor, command)
    _require_same_phone(session, actor, person)
    person.verified_at = person.verified_at or clock.now()
    link_person(session, actor.account_id, person.id, person.name)
    session.flush()
    settle_consents(session, person)
    return PersonView(
        id=person.id,
        name=person.name,
        sex=person.sex,
        birth_date=person.birth_date,
        division_code=person.division_code,
        village_name="",
        groups=(),
        example=person.example,
    )


def mismatch() -> Invalid:
    """The one refusal of a name and number that do not belong together."""
    sentence = N_("姓名与身份证号不一致，请按身份证核对后再提交。")
    return Invalid("identity_mismatch", sentence, fields={"name": sentence})


def find_identified(session: Session, name: str, id_number: str) -> UUID | None:
    """The person of that number, if that is their name too; None says not which of both is wrong.
    The caller has asked the policy.
    """
    person = find_by_number(session, id_index(id_number))
    return person.id if person and person.name == name else None


def id_index(id_number: str) -> bytes:
    """The blind index by which a person is found from the ID number."""
    return blind_index(id_number.upper(), "id-number")


def id_tail_index(id_number: str) -> bytes:
    """The blind index of the last four characters, for searching at a counter."""
    return blind_index(id_number.upper()[-ID_TAIL:], "id-tail")


def lock_known(session: Session, id_number: str) -> Person | None:
    """The person of that number; of two who ask at once, the second waits for the first."""
    index = id_index(id_number)
    lock = int.from_bytes(index[:8], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    return find_by_number(session, index)


def _register(session: Session, actor: Actor, command: VerifyIdentity) -> Person:
    if command.division_code is None:
        sentence = N_("请选择您现在居住的乡镇或街道。")
        raise Invalid("division_needed", sentence, fields={"division_code": sentence})
    division = get_division(session, command.division_code)
    account = session.get_one(Account, actor.account_id)
    person = register_person(
        session,
        name=command.name,
        id_number=command.id_number,
        division_code=division.code,
        relation="self",
    )
    person.phone, person.phone_index = account.phone, account.phone_index
    session.flush()
    return person


def register_person(
    session: Session,
    *,
    name: str,
    id_number: str,
    division_code: str,
    relation: str,
    household_id: UUID | None = None,
) -> Person:
    """Somebody becomes known here by a number that was checked, with the label of their age."""
    number = check_id_number(id_number)
    person = Person(
        id=new_id(),
        household_id=household_id,
        relation=relation,
        name=name,
        sex=number.sex,
        birth_date=number.birth_date,
        id_number=id_number.upper(),
        id_index=id_index(id_number),
        id_tail_index=id_tail_index(id_number),
        division_code=division_code,
        created_at=clock.now(),
    )
    return begin_record(session, person)


def begin_record(session: Session, person: Person) -> Person:
    """A new record is kept, with its health-record number and the label of the person's age."""
    session.add(person)
    session.flush()
    give_record_numbers(session, [person])
    label_of_age(session, person)
    return person


def _require_same_phone(session: Session, actor: Actor, person: Person) -> None:
    account = session.get_one(Account, actor.account_id)
    known, proved = person.phone_index, account.phone_index
    if known is None or proved is None or not hmac.compare_digest(known, proved):
        raise Conflict(
            "phone_differs",
            N_(
                "这份身份登记的手机号与您登录的不同。请带身份证到就近的社区卫生服务机构更新手机号。"
            ),
        )
