"""Acting for a child or a ward: a document, an institution that sees it, and an end at 18."""

from collections.abc import Callable
from datetime import date, timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict, Denied, Invalid, NotFound
from notifications.models import Message
from residents.jobs import end_terms
from residents.models import Binding, Person, Representation
from residents.queries import acting, may_act, representatives_of, represented_by
from residents.queries.bindings import get_binding, list_own_bindings
from residents.schemas import (
    BindingState,
    BindWard,
    ConfirmBinding,
    Evidence,
    RefuseBinding,
    Scope,
    Sex,
)
from residents.services.bindings import (
    ask_for_child,
    ask_for_ward,
    confirm_binding,
    refuse_binding,
    withdraw_binding,
)
from residents.services.consents import end_consent
from tests.factories.auth import actor_for, make_account
from tests.factories.directory import OTHER_TOWNSHIP, make_institution, make_team
from tests.factories.residents import make_binding, make_id_number, make_person, make_resident
from tests.integration.residents.binding import (
    NUMBER,
    Jobs,
    child_of_ten,
    registrar,
    request,
    resident,
    serving,
)


def test_a_mother_acts_for_a_child_of_another_household(session: Session, run_jobs: Jobs) -> None:
    place = serving(session)
    mother, staff = resident(session), registrar(session, place)
    child = make_person(session, name="覃小宝", birth_date=child_of_ten())
    asked = ask_for_child(session, mother, request(place))
    assert asked.state is BindingState.WAITING
    assert represented_by(session, mother.person_id or UUID(int=0)) == frozenset()
    seen = get_binding(session, staff, asked.id)
    assert seen.evidence_number == NUMBER
    assert [each.id for each in seen.candidates] == [child.id]
    for _ in range(2):
        done = confirm_binding(session, staff, asked.id, ConfirmBinding(person_id=child.id))
        assert done.state is BindingState.CONFIRMED
    assert representatives_of(session, child.id, Scope.SIGN) == {mother.person_id}
    assert representatives_of(session, child.id, Scope.PAY) == frozenset()
    assert may_act(session, mother, child.id, Scope.BOOK)
    assert not may_act(session, mother, child.id, Scope.RENEW)
    row = session.scalars(select(Binding)).one()
    assert (row.checked_by, row.checked_by_name) == (staff.account_id, "登记员甲")
    sealed = session.execute(text("SELECT evidence_number, name FROM residents_binding")).one()
    assert NUMBER.encode() not in bytes(sealed[0])
    session.commit()
    run_jobs()
    told = set(session.scalars(select(Message.person_id)))
    assert told == {mother.person_id, child.id}
    assert session.scalar(select(func.count()).select_from(Message)) == 2


def test_it_ends_by_itself_on_the_eighteenth_birthday(session: Session, run_jobs: Jobs) -> None:
    place = serving(session)
    mother, staff = resident(session), registrar(session, place)
    child = make_person(session, name="覃小宝", birth_date=child_of_ten())
    asked = ask_for_child(session, mother, request(place))
    confirm_binding(session, staff, asked.id, ConfirmBinding(person_id=child.id))
    held = session.scalars(select(Representation)).one()
    born = child.birth_date
    assert held.until
    assert (held.until + timedelta(days=1)).year == born.year + 18
    last = held.until - clock.today()
    with clock.shifted(last):
        assert may_act(session, mother, child.id, Scope.BOOK)
    session.commit()
    run_jobs()
    with clock.shifted(last + timedelta(days=1)):
        assert not may_act(session, mother, child.id, Scope.BOOK)
        assert represented_by(session, held.representative_id or UUID(int=0)) == frozenset()
        for _ in range(2):
            end_terms()
        run_jobs()
    session.refresh(held)
    assert held.ended_by == "term"
    ended = select(Message.person_id).where(Message.sentence.contains("已结束"))
    assert set(session.scalars(ended)) == {child.id, held.representative_id}


@pytest.mark.parametrize("side", ["representative", "person"])
def test_either_side_withdraws_at_once(session: Session, side: str) -> None:
    place = serving(session)
    mother, staff = resident(session), registrar(session, place)
    child = resident(session, name="覃小宝", birth_date=child_of_ten())
    asked = ask_for_child(session, mother, request(place))
    confirm_binding(session, staff, asked.id, ConfirmBinding(person_id=child.person_id))
    held = session.scalars(select(Representation)).one()
    assert child.person_id
    with pytest.raises(Denied):
        end_consent(session, resident(session), held.id)
    end_consent(session, mother if side == "representative" else child, held.id)
    assert representatives_of(session, child.person_id) == frozenset()
    assert held.ended_by == side


def test_a_child_that_nobody_knows_is_registered_by_the_number(session: Session) -> None:
    place = serving(session)
    mother, staff = resident(session), registrar(session, place)
    asked = ask_for_child(session, mother, request(place))
    number = make_id_number(child_of_ten())
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    session.get_one(Binding, asked.id).sex = sex
    with pytest.raises(Invalid) as caught:
        confirm_binding(session, staff, asked.id, ConfirmBinding())
    assert "id_number" in caught.value.fields
    other = make_id_number(date(2001, 2, 3))
    with pytest.raises(Invalid):
        confirm_binding(session, staff, asked.id, ConfirmBinding(id_number=other))
    confirm_binding(session, staff, asked.id, ConfirmBinding(id_number=number))
    child = session.scalars(select(Person).where(Person.name == "覃小宝")).one()
    assert child.division_code == place.division_code
    assert representatives_of(session, child.id) == {mother.person_id}


def test_a_ward_by_guardianship_and_a_refusal_with_its_reason(
    session: Session, run_jobs: Jobs
) -> None:
    place = serving(session)
    guardian, staff = resident(session), registrar(session, place)
    ward = make_person(session, name="黄老伯", birth_date=date(1950, 3, 4))
    command = BindWard(
        evidence_number="(2026)桂0802民特1号",
        name="黄老伯",
        id_number=ward.id_number,
        institution_id=place.id,
        scopes=[Scope.SEE_RECORDS],
        until=clock.today() + timedelta(days=30),
    )
    first = ask_for_ward(session, guardian, command)
    for reason in ("文书没有盖章。", "别的原因"):
        refused = refuse_binding(session, staff, first.id, RefuseBinding(reason=reason))
        assert refused.reason == "文书没有盖章。"
    with pytest.raises(Conflict) as caught:
        confirm_binding(session, staff, first.id, ConfirmBinding())
    assert caught.value.code == "binding_settled"
    assert [each.reason for each in list_own_bindings(session, guardian)] == ["文书没有盖章。"]
    second = ask_for_ward(session, guardian, command)
    confirm_binding(session, staff, second.id, ConfirmBinding())
    assert representatives_of(session, ward.id, Scope.SEE_RECORDS) == {guardian.person_id}
    with clock.shifted(timedelta(days=31)):
        assert representatives_of(session, ward.id, Scope.SEE_RECORDS) == frozenset()
        again = ask_for_ward(session, guardian, command.model_copy(update={"until": None}))
        confirm_binding(session, staff, again.id, ConfirmBinding())
        assert representatives_of(session, ward.id, Scope.SEE_RECORDS) == {guardian.person_id}
    session.commit()
    run_jobs()
    sentences = set(session.scalars(select(Message.sentence)))
    assert any("没有通过" in sentence for sentence in sentences)


def test_who_checks_and_who_does_not(session: Session) -> None:
    place, elsewhere = serving(session), serving(session, division_code=OTHER_TOWNSHIP)
    account, person = make_resident(session)
    mother = Actor(account_id=account.id, person_id=person.id, verified=True)
    team, leader, nurse = make_team(session, place)
    asked = ask_for_child(session, mother, request(place))
    assert team
    for account_id in (leader, make_account(session, roles={Role.ADMINISTRATOR: ["990100"]}).id):
        assert get_binding(session, actor_for(session, account_id), asked.id).may_check
    for stranger in (registrar(session, elsewhere), actor_for(session, nurse), resident(session)):
        with pytest.raises(Denied):
            get_binding(session, stranger, asked.id)
        with pytest.raises(Denied):
            confirm_binding(session, stranger, asked.id, ConfirmBinding())
    own = Actor(
        account_id=account.id,
        person_id=person.id,
        verified=True,
        grants={Role.REGISTRAR: frozenset({str(place.id)})},
    )
    assert not get_binding(session, own, asked.id).may_check
    with pytest.raises(Denied):
        refuse_binding(session, own, asked.id, RefuseBinding(reason="不能自己办"))


def test_what_is_asked_must_fit(session: Session) -> None:
    place = serving(session)
    mother = resident(session)
    own = session.get_one(Person, mother.person_id)
    wrong: list[dict[str, object]] = [
        {"birth_date": date(1990, 1, 1)},
        {"birth_date": clock.today() + timedelta(days=1)},
        {"birth_date": None},
        {"sex": None},
        {"evidence": Evidence.GUARDIANSHIP},
        {"institution_id": make_institution(session).id},
        {"id_number": own.id_number},
        {"id_number": "1" * 18},
    ]
    for each in wrong:
        with pytest.raises(Invalid):
            ask_for_child(session, mother, request(place, **each))
    with pytest.raises(Conflict) as caught:
        ask_for_child(session, resident(session, birth_date=child_of_ten()), request(place))
    assert caught.value.code == "not_of_age"
    with pytest.raises(Denied):
        ask_for_child(session, Actor(account_id=make_account(session).id), request(place))


def test_a_request_is_withdrawn_by_the_applicant_or_lapses(session: Session) -> None:
    place = serving(session)
    mother, staff = resident(session), registrar(session, place)
    first = ask_for_child(session, mother, request(place))
    with pytest.raises(NotFound):
        withdraw_binding(session, resident(session), first.id)
    for _ in range(2):
        view = withdraw_binding(session, mother, first.id)
        assert view.state is BindingState.WITHDRAWN
    second = ask_for_child(session, mother, request(place))
    with clock.shifted(timedelta(days=31)):
        assert list_own_bindings(session, mother) == []
        with pytest.raises(Conflict):
            confirm_binding(session, staff, second.id, ConfirmBinding())
        session.commit()
        end_terms()
    session.expire_all()
    assert session.get_one(Binding, second.id).state == "lapsed"


def test_nobody_learns_from_asking_whether_a_child_is_known(session: Session) -> None:
    place = serving(session)
    mother = resident(session)
    known = make_person(session, name="覃小宝", birth_date=child_of_ten())
    answers = [
        ask_for_child(session, mother, request(place, id_number=number, sex=None, birth_date=None))
        for number in (known.id_number, make_id_number(child_of_ten()))
    ]
    shown = [view.model_dump(exclude={"id", "created_at"}) for view in answers]
    assert shown[0] == shown[1]


def test_the_audit_names_for_whom_one_acts(session: Session) -> None:
    mother, child = resident(session), make_person(session)
    assert mother.person_id
    assert acting(mother, child.id, [mother.person_id]).acting_for == child.id
    assert acting(mother, child.id, [str(mother.person_id)]).acting_for == child.id
    assert acting(mother, child.id, []).acting_for is None
    assert acting(mother, mother.person_id, [mother.person_id]).acting_for is None


def run_together(work: Callable[[], object]) -> list[object]:
    """Both answers of the same work done twice at the same moment."""
    barrier, answers = Barrier(2), list[object]()

    def run() -> None:
        barrier.wait()
        answers.append(work())

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_two_confirmations_and_two_withdrawals_at_once(committed_database: Engine) -> None:
    with transaction() as session:
        place = serving(session)
        mother, staff = resident(session), registrar(session, place)
        child = make_person(session, name="覃小宝", birth_date=child_of_ten())
        asked = make_binding(
            session, session.get_one(Person, mother.person_id), place.id, name="覃小宝",
            birth_date=child.birth_date,
        )  # fmt: skip

    def confirm() -> object:
        with transaction() as session:
            return confirm_binding(session, staff, asked.id, ConfirmBinding(person_id=child.id))

    assert len(run_together(confirm)) == 2
    with transaction() as session:
        held = session.scalars(select(Representation)).one()

    def end() -> object:
        with transaction() as session:
            return end_consent(session, mother, held.id).ended_at

    first, second = run_together(end)
    assert first == second
    with transaction() as session:
        titles = text("SELECT args->>'title' FROM procrastinate_jobs ORDER BY 1")
        assert list(session.scalars(titles)) == [
            "residents.ConsentEnded",
            "residents.ConsentGiven",
        ]
