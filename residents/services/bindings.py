"""Asking to act for a child or ward by documents, which staff of an institution check."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_
from directory.public import institutions_by_id, serving_institutions
from residents.events import BindingRefused
from residents.identity import NumberError
from residents.models import Binding, Person
from residents.paper_numbers import normal_paper
from residents.queries import came_of_age, find_by_number, last_day_as_child, person_resource
from residents.queries.bindings import (
    binding_resource,
    candidates,
    case_view,
    get_own_binding,
    over,
    resource_of,
    state_of,
)
from residents.queries.known_by import Paper
from residents.queries.papers import Facts, same_paper
from residents.schemas import (
    Basis,
    BindChild,
    BindingAction,
    BindingCase,
    BindingState,
    BindingView,
    BindWard,
    ConfirmBinding,
    Evidence,
    IdentifierKind,
    RefuseBinding,
    Scope,
    Sex,
    Way,
)
from residents.services.holding import hold
from residents.services.identifiers import FORM_SENTENCES
from residents.services.identity import check_id_number, id_index, register_person
from residents.services.papers import lock, make_person

CHILD_PAPERS = (Evidence.BIRTH_CERTIFICATE, Evidence.HOUSEHOLD_BOOK)


def ask_for_child(session: Session, actor: Actor, command: BindChild) -> BindingView:
    """Ask to act for one's child; the answer is alike whether or not they are known here.

    ``count_named`` came before. Raises Denied, Invalid, Conflict ``not_of_age``.
    """
    own = applicant(session, actor)
    if command.evidence not in CHILD_PAPERS:
        raise bad("evidence", N_("请从列出的选项中选择。"))
    sex, born = _who(command)
    if born <= came_of_age() or born > clock.today():
        raise bad(
            "id_number" if command.id_number else "birth_date",
            N_("这里只办未满 18 周岁的孩子；成年家人请用“验证码”的办法。"),
        )
    return _ask(session, actor, own, command, command.evidence, sex, born, last_day_as_child(born))


def ask_for_ward(session: Session, actor: Actor, command: BindWard) -> BindingView:
    """Ask to act for one's ward; otherwise as ``ask_for_child``."""
    own = applicant(session, actor)
    number = check_id_number(command.id_number)
    evidence, sex = Evidence.GUARDIANSHIP, Sex(number.sex)
    return _ask(session, actor, own, command, evidence, sex, number.birth_date, command.until)


def withdraw_binding(session: Session, actor: Actor, binding_id: UUID) -> BindingView:
    """The applicant no longer wishes it; withdrawn twice is once. Raises NotFound, Conflict."""
    row = locked(session, binding_id)
    if row.representative_id != actor.person_id:
        raise NotFound()
    resource = binding_resource(row.id, representative_id=row.representative_id)
    require(session, actor, BindingAction.WITHDRAW, resource)
    if row.state != BindingState.WITHDRAWN:
        must_wait(row)
        row.state, row.settled_at = BindingState.WITHDRAWN.value, clock.now()
        session.flush()
    return get_own_binding(session, actor, binding_id)


def confirm_binding(
    session: Session, actor: Actor, binding_id: UUID, command: ConfirmBinding
) -> BindingCase:
    """Staff saw the document: from now on the applicant acts for the person, who is registered
    here by their ID number, a child also by the document, where they were not. Confirmed twice is
    once.

    Raises NotFound, Denied, Invalid, Conflict ``binding_settled``.
    """
    row = _to_check(session, actor, binding_id)
    if row.state != BindingState.CONFIRMED:
        must_wait(row)
        person = _found(session, actor, row, command)
        resource = resource_of(session, row, person.id)
        require(session, actor, BindingAction.CHECK, resource)
        if row.until is not None and row.until < clock.today():
            raise Conflict("binding_over", N_("申请的期限已过，或孩子已满 18 周岁，不能再确认。"))
        other = session.get_one(Person, row.representative_id)
        if other.id == person.id:
            raise bad("id_number", N_("不能为自己申请，请核对证件上的人。"))
        settle(session, row, person, other, Basis(row.basis))
        _checked(row, actor)
        session.flush()
    return case_view(session, actor, row, resource_of(session, row))


def refuse_binding(
    session: Session, actor: Actor, binding_id: UUID, command: RefuseBinding
) -> BindingCase:
    """Staff saw no proof; the applicant is told why. Refused twice is once, by the first reason.

    Raises NotFound, Denied, Conflict ``binding_settled``.
    """
    row = _to_check(session, actor, binding_id)
    if row.state != BindingState.REFUSED:
        must_wait(row)
        row.state, row.reason = BindingState.REFUSED.value, command.reason
        row.settled_at = clock.now()
        _checked(row, actor)
        publish(session, BindingRefused(binding_id=row.id))
        session.flush()
    return case_view(session, actor, row, resource_of(session, row))


def lapse(session: Session) -> None:
    """Close the requests that waited too long."""
    session.execute(
        update(Binding)
        .where(over())
        .values(state=BindingState.LAPSED.value, settled_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def applicant(session: Session, actor: Actor) -> Person:
    """The actor as one who may ask to act for others. Raises Denied, Conflict ``not_of_age``."""
    resource = person_resource(actor.person_id or actor.account_id, "000000")
    require(session, actor, BindingAction.REQUEST, resource)
    own = session.get_one(Person, actor.person_id)
    if own.birth_date > came_of_age():
        raise Conflict("not_of_age", N_("未满 18 周岁不能为别人代办，请由成年家人办理。"))
    return own


def settle(
    session: Session, row: Binding, person: Person, representative: Person, basis: Basis
) -> None:
    """Let the request's representative act for the person, as it says."""
    scopes = [Scope(scope) for scope in row.scopes]
    named = (representative.name, representative.id_index)
    held = hold(session, person, representative, named, basis, scopes, row.until)
    row.representation_id = held.id
    row.state, row.settled_at = BindingState.CONFIRMED.value, clock.now()


def locked(session: Session, binding_id: UUID) -> Binding:
    """The row, held until the end of the transaction: of two decisions the second sees the first.

    Raises NotFound.
    """
    row = session.get(Binding, binding_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound()
    return row


def must_wait(row: Binding) -> None:
    """Raises Conflict ``binding_settled``."""
    if state_of(row) is not BindingState.WAITING:
        raise Conflict("binding_settled", N_("这项申请已经有了结果或已过期，请刷新后查看。"))


def bad(field: str, sentence: str) -> Invalid:
    """The refusal of one field."""
    return Invalid("bad_binding", sentence, fields={field: sentence})


def _to_check(session: Session, actor: Actor, binding_id: UUID) -> Binding:
    row = locked(session, binding_id)
    if row.institution_id is None:
        raise NotFound()
    require(session, actor, BindingAction.CHECK, resource_of(session, row))
    return row


def _checked(row: Binding, actor: Actor) -> None:
    row.checked_by, row.checked_by_name = actor.account_id, actor.name


def _who(command: BindChild) -> tuple[Sex, date]:
    """Sex and birth date: the ID number says them where there is one."""
    if command.id_number:
        number = check_id_number(command.id_number)
        return Sex(number.sex), number.birth_date
    missing = N_("没有身份证号时，请填写性别和出生日期。")
    if command.sex is None:
        raise bad("sex", missing)
    if command.birth_date is None:
        raise bad("birth_date", missing)
    return command.sex, command.birth_date


def _ask(
    session: Session,
    actor: Actor,
    own: Person,
    command: BindChild | BindWard,
    evidence: Evidence,
    sex: Sex,
    born: date,
    until: date | None,
) -> BindingView:
    serving = {each.id for each in serving_institutions(session)}
    if command.institution_id not in serving:
        raise bad("institution_id", N_("请选择服务对方居住地的机构。"))
    index = id_index(command.id_number) if command.id_number else None
    if index == own.id_index:
        raise bad("id_number", N_("不能为自己申请，请填写家人的姓名和身份证号。"))
    basis = Basis.CHILD if isinstance(command, BindChild) else Basis.WARD
    row = Binding(
        id=new_id(),
        way=Way.DOCUMENT.value,
        basis=basis.value,
        evidence=evidence.value,
        evidence_number=command.evidence_number,
        representative_id=own.id,
        name=command.name,
        id_number=command.id_number,
        id_index=index,
        sex=sex.value,
        birth_date=born,
        scopes=[scope.value for scope in command.scopes],
        until=until,
        institution_id=command.institution_id,
        state=BindingState.WAITING.value,
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return get_own_binding(session, actor, row.id)


def _found(session: Session, actor: Actor, row: Binding, command: ConfirmBinding) -> Person:
    """Whose the document is: one of those known who fit, or by the ID number on it."""
    known: Collection[Person] = candidates(session, row)
    if command.person_id:
        person = next((each for each in known if each.id == command.person_id), None)
        if person is None:
            raise bad("person_id", N_("请从列出的选项中选择。"))
        return person
    text = command.id_number or row.id_number
    if command.by_document and not text:
        return _register_by_document(session, actor, row, command)
    if not text:
        raise bad(
            "id_number",
            N_("请选择对应的人，或填写证件上的身份证号；孩子还没有号码的，勾选按这份证件登记。"),
        )
    number = check_id_number(text)
    if (number.sex, number.birth_date) != (row.sex, row.birth_date):
        raise bad("id_number", N_("这个号码的性别或出生日期与申请不一致，请核对证件。"))
    person = find_by_number(session, id_index(text))
    if person is None:
        return _register(session, row, text)
    if person.name != row.name:
        raise bad("id_number", N_("这个号码登记的姓名与申请不一致，请核对证件。"))
    return person


def _register_by_document(
    session: Session, actor: Actor, row: Binding, command: ConfirmBinding
) -> Person:
    """A child without an ID number is known by the birth certificate or household book that staff
    saw. Registered already by the same one it is the same child.
    """
    if row.evidence not in CHILD_PAPERS:
        raise bad("by_document", N_("只有孩子的出生医学证明或户口簿可以用来登记。"))
    kind = IdentifierKind(row.evidence)
    number = "".join((command.document_number or row.evidence_number or "").split())
    try:
        paper = Paper(kind, normal_paper(kind, number))
    except NumberError:
        raise bad("document_number", FORM_SENTENCES[kind]) from None
    facts = Facts(row.name, row.sex, row.birth_date)
    lock(session, paper, facts)
    theirs = same_paper(session, paper, facts)
    for person in theirs:
        if Facts(person.name, person.sex, person.birth_date) == facts:
            return person
    if theirs:
        raise bad("document_number", N_("这份证件登记的是另一个孩子，请核对证件。"))
    place = _place(session, row)
    return make_person(session, actor, paper, facts, place, relation="child")


def _place(session: Session, row: Binding) -> str:
    at: Sequence[UUID] = [row.institution_id] if row.institution_id else []
    (institution,) = institutions_by_id(session, at).values()
    return institution.division_code


def _register(session: Session, row: Binding, id_number: str) -> Person:
    relation = "child" if row.basis == Basis.CHILD else "other"
    return register_person(
        session,
        name=row.name,
        id_number=id_number,
        division_code=_place(session, row),
        relation=relation,
    )
