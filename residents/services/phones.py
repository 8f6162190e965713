"""A registered phone is changed at a desk: staff see the person and a document.

Whoever was registered without a phone, or with one that is not theirs any more, can then join an
account by the ordinary real-name check. An account that is joined already keeps its phone: that is
recovery, in the auth room.
"""

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.public import (
    accounts_of_people,
    count_code_try,
    count_try,
    is_phone_taken,
    make_code,
    origin_of,
    phone_index,
    redeem_code,
    wrong_code,
)
from auth.schemas import ChallengeSent, Purpose
from core import clock
from core.access import Actor, require
from core.crypto import token_hash
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_
from residents.events import PhoneChangeAnnounced, PhoneReplaced
from residents.models import Person, PhoneChange
from residents.queries import find_by_number, standing
from residents.queries.bindings import desk_institutions
from residents.queries.papers import find_by_paper
from residents.queries.phones import phone_resource, phone_view
from residents.schemas import (
    AskPhone,
    PhoneAction,
    PhoneChangeView,
    PhoneObjection,
    PhoneState,
    ReadOut,
)
from residents.services.identity import id_index

# What one at a desk sees in a busy day; more is somebody trying numbers.
PHONES_PER_DAY = 40
# How long the old phone may object: as with a recovery; the SMS names it.
OBJECT_WITHIN = timedelta(hours=24)
UNKNOWN_LINK = N_("链接不完整或已失效，请检查短信里的链接。")
# What is left to whoever objects too late, by how it ended.
TOO_LATE = {
    PhoneState.DONE: N_(
        "登记的手机号已经更换，这个链接不能再阻止。不是您本人，请马上带身份证到就近机构办理。"
    ),
    PhoneState.WITHDRAWN: N_("机构已经撤回这次更换，您登记的手机号没有变。"),
    PhoneState.LAPSED: N_("这次更换没有办成，您登记的手机号没有变。"),
}


def count_phone(session: Session, actor: Actor) -> None:
    """Count papers before they are looked up; in a transaction of its own. Raises TooMany."""
    whose = str(actor.account_id)
    count_try(session, "phone desk", whose, PHONES_PER_DAY, timedelta(days=1))


def may_ask(session: Session, actor: Actor, command: AskPhone) -> None:
    """Asked before the real-name service is. ``count_phone`` came before. Raises Denied, Invalid
    ``bad_institution`` or ``papers_differ``.
    """
    resource = phone_resource(session, "new", _institution(session, actor, command.institution_id))
    require(session, actor, PhoneAction.RECORD, resource)
    _shown(session, command)


def ask_phone(
    session: Session, actor: Actor, command: AskPhone, *, genuine: bool
) -> tuple[PhoneChangeView, ChallengeSent, str]:
    """Staff saw the person and the document; a code is to go to the new phone, which is here too.
    The caller sends it after the commit. ``genuine`` is what was said of name and number before.

    Raises Denied, Invalid, Conflict ``has_account`` or ``phone_of_another``, TooMany.
    """
    institution_id = _institution(session, actor, command.institution_id)
    person = _shown(session, command)
    change_id = new_id()
    resource = phone_resource(session, change_id, institution_id, person.id)
    require(session, actor, PhoneAction.RECORD, resource)
    if not genuine:
        raise _differ()
    _may_have(session, person, command.phone)
    origin = origin_of(actor)
    sent, code = make_code(
        session, command.phone, Purpose.REGISTERED_PHONE, origin, actor.account_id
    )
    row = PhoneChange(
        id=change_id,
        person_id=person.id,
        institution_id=institution_id,
        paper=command.paper.value,
        new_phone=command.phone,
        old_phone=person.phone,
        challenge_id=sent.challenge_id,
        state=PhoneState.ASKED.value,
        recorded_by=actor.account_id,
        recorded_by_name=actor.name,
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return phone_view(session, row), sent, code


def count_read_out(session: Session, actor: Actor, change_id: UUID) -> None:
    """Take one of the code's tries, which are those of who asked for it: a colleague does not use
    them up. In a transaction of its own. Raises NotFound, Invalid.
    """
    row = session.get(PhoneChange, change_id)
    if row is None or row.recorded_by != actor.account_id:
        raise NotFound()
    if row.state == PhoneState.ASKED and not count_code_try(session, row.challenge_id):
        raise wrong_code()


def prove_phone(
    session: Session, actor: Actor, change_id: UUID, command: ReadOut
) -> PhoneChangeView:
    """The person read out the code. Where no other phone was registered it is theirs at once; else
    the old one is told and may object for a day. Read out twice is once. ``count_read_out`` came
    before. Raises NotFound, Denied, Invalid ``wrong_code``, Conflict.
    """
    row = session.get(PhoneChange, change_id, with_for_update=True)
    if row is None or row.recorded_by != actor.account_id:
        raise NotFound()
    resource = phone_resource(session, row.id, row.institution_id, row.person_id)
    require(session, actor, PhoneAction.RECORD, resource)
    if row.state != PhoneState.ASKED:
        return phone_view(session, row)
    purpose = Purpose.REGISTERED_PHONE
    origin = origin_of(actor)
    redeem_code(session, row.challenge_id, command.code, purpose, origin, actor.account_id)
    person = session.get_one(Person, row.person_id, with_for_update=True)
    _may_have(session, person, row.new_phone)
    row.old_phone = person.phone
    if row.old_phone is None:
        _take_effect(session, row, person)
    else:
        _wait(session, row)
    session.flush()
    return phone_view(session, row)


def withdraw_phone(session: Session, actor: Actor, change_id: UUID) -> PhoneChangeView:
    """Staff call off a change that waits; called off twice is once. Raises NotFound, Denied,
    Conflict ``phone_settled``.
    """
    row = session.get(PhoneChange, change_id, with_for_update=True)
    if row is None:
        raise NotFound()
    resource = phone_resource(session, row.id, row.institution_id, row.person_id)
    require(session, actor, PhoneAction.RECORD, resource)
    _stop(row, PhoneState.WITHDRAWN)
    session.flush()
    return phone_view(session, row)


def object_to_phone(session: Session, command: PhoneObjection) -> None:
    """Whoever has the old phone stops it; stopped twice is once. Raises NotFound, Conflict
    ``phone_settled`` where it was too late.
    """
    by_secret = PhoneChange.objection_hash == token_hash(command.code)
    row = session.scalar(select(PhoneChange).where(by_secret).with_for_update())
    if row is None:
        raise NotFound("no_phone_change", UNKNOWN_LINK)
    if row.state in TOO_LATE:
        raise Conflict("phone_settled", TOO_LATE[PhoneState(row.state)])
    _stop(row, PhoneState.OBJECTED)


def due_phones(session: Session) -> list[UUID]:
    """The changes that nobody objected to in time."""
    waited = (PhoneChange.state == PhoneState.WAITING) & (PhoneChange.effective_at <= clock.now())
    return list(session.scalars(select(PhoneChange.id).where(waited)))


def settle_phone(session: Session, change_id: UUID) -> None:
    """Let a phone take effect after the wait, unless its person has an account meanwhile. Settled
    again it changes nothing.
    """
    row = session.get_one(PhoneChange, change_id, with_for_update=True)
    if change_id not in due_phones(session):
        return
    person = standing(session, session.get_one(Person, row.person_id, with_for_update=True))
    try:
        _may_have(session, person, row.new_phone)
    except Conflict:
        row.state, row.settled_at = PhoneState.LAPSED.value, clock.now()
        return
    _take_effect(session, row, person)


def _institution(session: Session, actor: Actor, institution_id: UUID) -> UUID:
    if institution_id not in {each.id for each in desk_institutions(session, actor)}:
        raise _bad("bad_institution", "institution_id", N_("请选择您工作的机构。"))
    return institution_id


def _shown(session: Session, command: AskPhone) -> Person:
    """Whoever has this name and number; which of both is wrong is not said."""
    number = command.number.replace(" ", "")
    known = find_by_number(session, id_index(number))
    person = known or find_by_paper(session, command.name, number)
    if person is None or person.name != command.name:
        raise _differ()
    return person


def _may_have(session: Session, person: Person, phone: str) -> None:
    """Raises Conflict for a person with an account, or for a phone of another's account."""
    if accounts_of_people(session, [person.id]):
        raise Conflict(
            "has_account",
            N_("本人已有实名账号。换手机号请在“找回账号”里由两位同事办理，或由本人登录后更换。"),
        )
    if person.phone_index == phone_index(phone):
        raise Conflict("same_phone", N_("这就是登记的手机号，本人可以直接用它登录并实名认证。"))
    if is_phone_taken(session, phone_index(phone)):
        raise Conflict(
            "phone_of_another", N_("这个手机号是另一位居民的实名账号，请换一个本人自己的手机号。")
        )


def _take_effect(session: Session, row: PhoneChange, person: Person) -> None:
    person.phone, person.phone_index = row.new_phone, phone_index(row.new_phone)
    row.state, row.settled_at = PhoneState.DONE.value, clock.now()
    session.flush()
    publish(session, PhoneReplaced(change_id=row.id))


def _wait(session: Session, row: PhoneChange) -> None:
    waiting = select(PhoneChange.id).where(
        PhoneChange.person_id == row.person_id, PhoneChange.state == PhoneState.WAITING
    )
    if session.scalar(waiting) is not None:
        raise Conflict("phone_waiting", N_("本人已有一项更换在等原号码确认，请到列表中查看。"))
    row.objection = secrets.token_urlsafe(24)
    row.objection_hash = token_hash(row.objection)
    row.state, row.effective_at = PhoneState.WAITING.value, clock.now() + OBJECT_WITHIN
    session.flush()
    publish(session, PhoneChangeAnnounced(change_id=row.id))


def _stop(row: PhoneChange, state: PhoneState) -> None:
    if row.state == state:
        return
    if row.state not in (PhoneState.ASKED, PhoneState.WAITING):
        raise Conflict("phone_settled", N_("这项更换已经有了结果，请刷新后查看。"))
    row.state, row.settled_at = state.value, clock.now()


def _differ() -> Invalid:
    sentence = N_("没有与这份证件相符的登记居民，请对照证件检查姓名和号码。")
    return _bad("papers_differ", "number", sentence)


def _bad(code: str, field: str, sentence: str) -> Invalid:
    return Invalid(code, sentence, fields={field: sentence})
