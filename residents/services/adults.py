"""Acting for an adult: they consent by a code to their own phone, or before staff.

A stranger learns nothing from the code: it is asked for alike whether or not the person named is
known here, and where nothing can be sent it is one that nobody has.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.public import (
    count_code_try,
    count_try,
    make_code,
    origin_of,
    person_and_phone,
    phone_index,
    redeem_code,
    wrong_code,
)
from auth.schemas import Purpose
from core import clock, jobs
from core.access import Actor, require
from core.crypto import encrypt
from core.errors import Conflict, Invalid, NotFound, TooMany
from core.ids import new_id
from core.messages import N_
from directory.public import units_of_institutions
from residents.models import Binding, Person
from residents.queries import came_of_age, find_by_number
from residents.queries.bindings import (
    binding_resource,
    case_view,
    desk_institutions,
    get_own_binding,
)
from residents.schemas import (
    Basis,
    BindAdult,
    BindingAction,
    BindingCase,
    BindingState,
    BindingView,
    EnterCode,
    Evidence,
    RecordBinding,
    Scope,
    Way,
)
from residents.services.bindings import applicant, bad, locked, must_wait, settle
from residents.services.identity import check_id_number, id_index, id_tail_index

SEND = "residents.jobs.send_code"
SEALED = "residents code"
DESK_PAPERS = (Evidence.ID_CARDS, Evidence.SOCIAL_CARDS, Evidence.HOUSEHOLD_BOOK)
# What one at a desk sees in a busy day; more is somebody trying names.
RECORDS_PER_DAY = 60


def ask_for_adult(session: Session, actor: Actor, command: BindAdult) -> BindingView:
    """Ask to act for an adult; a code goes to the phone that they registered, unless it is the
    applicant's own. ``count_named`` came before.

    Raises Denied, Invalid, Conflict ``not_of_age``, TooMany.
    """
    own = applicant(session, actor)
    number = check_id_number(command.id_number)
    if number.birth_date > came_of_age():
        raise bad("id_number", N_("对方未满 18 周岁，请用孩子的出生医学证明或户口簿申请。"))
    index = id_index(command.id_number)
    if index == own.id_index:
        raise bad("id_number", N_("不能为自己申请，请填写家人的姓名和身份证号。"))
    person = _named(session, index, command.name)
    if person and person.id == own.id:
        raise bad("id_number", N_("不能为自己申请，请填写家人的姓名和身份证号。"))
    phone = person.phone if person and not _shares_phone(session, actor, person) else None
    challenge_id = _make(session, actor, phone, index, command.scopes)
    row = Binding(
        id=new_id(),
        way=Way.CODE.value,
        basis=Basis.ADULT.value,
        evidence=Evidence.CODE.value,
        representative_id=own.id,
        name=command.name,
        id_number=command.id_number,
        id_index=index,
        sex=number.sex,
        birth_date=number.birth_date,
        scopes=[scope.value for scope in command.scopes],
        until=command.until,
        challenge_id=challenge_id,
        state=BindingState.WAITING.value,
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return get_own_binding(session, actor, row.id)


def count_code(session: Session, actor: Actor, binding_id: UUID) -> None:
    """Take one of the code's tries; in a transaction of its own, so that a refusal keeps it.

    Raises NotFound, Invalid ``wrong_code``.
    """
    row = session.get(Binding, binding_id)
    if row is None or row.representative_id != actor.person_id or row.challenge_id is None:
        raise NotFound()
    if row.state == BindingState.WAITING and not count_code_try(session, row.challenge_id):
        raise wrong_code()


def enter_code(session: Session, actor: Actor, binding_id: UUID, command: EnterCode) -> BindingView:
    """The person read the code out: the applicant acts for them from now on. ``count_code`` came
    before; entered twice is once. Raises NotFound, Invalid ``wrong_code``, Conflict.
    """
    row = locked(session, binding_id)
    if row.representative_id != actor.person_id or row.challenge_id is None:
        raise NotFound()
    own = applicant(session, actor)
    if row.state == BindingState.CONFIRMED:
        return get_own_binding(session, actor, binding_id)
    must_wait(row)
    challenge = redeem_code(
        session,
        row.challenge_id,
        command.code,
        Purpose.REPRESENT,
        origin_of(actor),
        actor.account_id,
    )
    person = _named(session, row.id_index, row.name)
    if person is None or person.phone_index != challenge.phone_index:
        raise wrong_code()  # known no longer, or at another phone: told as a wrong code is
    settle(session, row, person, own, Basis.ADULT)
    session.flush()
    return get_own_binding(session, actor, binding_id)


def count_record(session: Session, actor: Actor) -> None:
    """Count two people looked up at a desk, in a transaction of its own. Raises TooMany."""
    whose = str(actor.account_id)
    count_try(session, "binding desk", whose, RECORDS_PER_DAY, timedelta(days=1))


def record_binding(session: Session, actor: Actor, command: RecordBinding) -> BindingCase:
    """Both stand before staff, who saw their cards: the one lets the other act from now on.
    ``count_record`` came before. Raises Denied, Invalid, Conflict ``not_of_age``.
    """
    if command.institution_id not in {each.id for each in desk_institutions(session, actor)}:
        raise bad("institution_id", N_("请选择您工作的机构。"))
    units = units_of_institutions(session, [command.institution_id])[command.institution_id]
    require(session, actor, BindingAction.RECORD, binding_resource("new", units))
    if command.evidence not in DESK_PAPERS:
        raise bad("evidence", N_("请从列出的选项中选择。"))
    person = _at_desk(session, "person", command.person_name, command.person_tail)
    other = _at_desk(
        session, "representative", command.representative_name, command.representative_tail
    )
    binding_id = new_id()
    resource = binding_resource(binding_id, units, representative_id=other.id, person_id=person.id)
    require(session, actor, BindingAction.RECORD, resource)
    if person.id == other.id:
        raise bad("representative_name", N_("授权的人和代办的人不能是同一个人。"))
    of_age = came_of_age()
    if person.birth_date > of_age or other.birth_date > of_age:
        raise Conflict("not_of_age", N_("双方都要年满 18 周岁；未成年人请由家长凭证件申请。"))
    row = Binding(
        id=binding_id,
        way=Way.DESK.value,
        basis=Basis.ADULT.value,
        evidence=command.evidence.value,
        representative_id=other.id,
        name=person.name,
        id_number=None,
        id_index=person.id_index,
        sex=person.sex,
        birth_date=person.birth_date,
        scopes=[scope.value for scope in command.scopes],
        until=command.until,
        institution_id=command.institution_id,
        state=BindingState.WAITING.value,
        checked_by=actor.account_id,
        checked_by_name=actor.name,
        created_at=clock.now(),
    )
    settle(session, row, person, other, Basis.ADULT)
    session.add(row)
    session.flush()
    return case_view(session, actor, row, resource)


def _make(
    session: Session, actor: Actor, phone: str | None, index: bytes, scopes: Sequence[Scope]
) -> UUID:
    """The challenge of a code: one that a job sends to the phone, or one that nobody gets. Both
    are counted, kept and queued alike, and what limits the owner's phone does not show.
    """
    nobody = f"nobody {index.hex()}"
    try:
        sent, code = make_code(
            session, phone or nobody, Purpose.REPRESENT, origin_of(actor), actor.account_id
        )
    except TooMany:
        if phone is None:
            raise
        phone = None
        sent, code = make_code(
            session, nobody, Purpose.REPRESENT, origin_of(actor), actor.account_id
        )
    # The row of a job must not hold a code or a name that anybody can read there.
    sealed = encrypt(f"{phone or ''} {code} {','.join(scopes)} {actor.name}", SEALED).hex()
    jobs.defer_by_name(
        session,
        SEND,
        challenge_id=str(sent.challenge_id),
        sealed=sealed,
        expires_at=sent.expires_at.isoformat(),
    )
    return sent.challenge_id


def _named(session: Session, index: bytes | None, name: str) -> Person | None:
    person = find_by_number(session, index)
    return person if person and person.name == name else None


def _shares_phone(session: Session, actor: Actor, person: Person) -> bool:
    """Whether the code would come to the applicant: no consent of anybody else."""
    own = person_and_phone(session, actor.account_id)[1]
    return own is not None and phone_index(own) == person.phone_index


def _at_desk(session: Session, side: str, name: str, tail: str) -> Person:
    """The one of that name and last four characters."""
    query = select(Person).where(Person.id_tail_index == id_tail_index(tail), Person.name == name)
    found = session.scalars(query.where(Person.merged_into.is_(None)).limit(2)).all()
    if len(found) != 1:
        sentence = N_("没有唯一对应的登记居民，请核对证件上的姓名和号码后四位。")
        raise Invalid("nobody_found", sentence, fields={f"{side}_tail": sentence})
    return found[0]
