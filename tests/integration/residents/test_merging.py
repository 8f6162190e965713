"""Two records of one person become one, all that hangs on them too, and two again."""

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.models import Account
from core.access import Actor, Role
from core.errors import Conflict, Denied
from family_doctor.models import Contract
from family_doctor.states import State
from notifications.models import Message
from notifications.sms import SmsGateway
from residents.models import Duplicate, GroupMembership, Identifier, Merge, Person, Representation
from residents.queries import family_of, find_by_number, population_facts
from residents.queries.duplicates import find_merge_of
from residents.schemas import DecidePair, Keeping, MergePair, PairState, PairVerdict
from residents.services.identity import find_identified, id_index
from residents.services.merging import decide_pair, merge_pair, undo_merge
from tests.factories.auth import make_account, overseer
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import (
    make_consent,
    make_duplicate,
    make_person,
    make_resident,
    number_of,
)
from tests.integration.residents.binding import Jobs, registrar, serving

FIRST = MergePair(keep=Keeping.FIRST)


def staff(session: Session) -> Actor:
    return registrar(session, serving(session))


def pair(session: Session, **more: object) -> tuple[Duplicate, Person, Person]:
    first = make_person(session, name="覃大文", phone="13900000001")
    second = make_person(session, name="谭大文", **more)  # type: ignore[arg-type]
    return make_duplicate(session, first, second), first, second


def merged_into(session: Session, person: Person) -> UUID | None:
    session.refresh(person)
    return person.merged_into


def test_all_that_hangs_on_one_hangs_on_the_other_and_goes_back(
    session: Session, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones: list[str] = []
    monkeypatch.setattr(SmsGateway, "send_message", lambda _, phone, *more: phones.append(phone))
    actor = staff(session)
    found, first, second = pair(session, groups=("10", "04"), phone="13900000002")
    account = make_account(session, name="谭大文", phone="13900000002", person_id=second.id)
    mother = make_person(session, name="覃妈妈")
    consent = make_consent(session, mother, second)
    team = make_team(session)[0]
    contract = make_contract(session, second, team, state=State.APPLIED)
    numbers = (number_of(first), number_of(second))
    command = MergePair(
        keep=Keeping.FIRST, name=Keeping.SECOND, id_number=Keeping.SECOND, home=Keeping.SECOND
    )
    case = merge_pair(session, actor, found.id, command)
    assert (case.state, case.kept) == (PairState.MERGED, Keeping.FIRST)
    assert merge_pair(session, actor, found.id, command) == case
    for row in (account, contract, consent, first, second):
        session.refresh(row)
    assert {account.person_id, contract.person_id, consent.representative_id} == {first.id}
    assert (first.name, first.phone, second.merged_into) == ("谭大文", "13900000001", first.id)
    assert (first.id_number, second.id_number) == (numbers[1], numbers[0])
    groups = select(GroupMembership.group_code).where(GroupMembership.person_id == first.id)
    assert set(session.scalars(groups)) == {"10", "04"}
    for number in numbers:
        assert find_identified(session, "谭大文", number) == first.id
    assert sum(many for _, group, many in population_facts(session) if not group) == 2
    session.commit()
    run_jobs()
    told = session.scalars(select(Message.person_id)).all()
    assert set(told) == {first.id, second.id}
    assert set(phones) == {"13900000001", "13900000002"}

    assert undo_merge(session, actor, found.id).state is PairState.WAITING
    assert undo_merge(session, actor, found.id).kept is None
    for row in (account, contract, consent, first, second):
        session.refresh(row)
    assert {account.person_id, contract.person_id, consent.representative_id} == {second.id}
    assert (first.name, second.name, second.merged_into) == ("覃大文", "谭大文", None)
    assert (first.id_number, second.id_number) == numbers
    assert first.household_id != second.household_id is not None
    assert set(session.scalars(groups)) == {"10"}
    for person, number in zip((first, second), numbers, strict=True):
        known = find_by_number(session, id_index(number))
        assert known is not None
        assert known.id == person.id
    session.commit()
    run_jobs()
    told = session.scalars(select(Message.person_id)).all()
    assert sorted(told) == sorted([first.id, second.id] * 2)


def test_what_cannot_be_held_twice_is_to_be_ended_first(session: Session) -> None:
    actor = staff(session)
    found, first, second = pair(session)
    consent = make_consent(session, first, second)
    with pytest.raises(Conflict, match="acts_for_the_other"):
        merge_pair(session, actor, found.id, FIRST)
    session.delete(consent)
    team = make_team(session)[0]
    make_contract(session, first, team, state=State.APPLIED)
    contract = make_contract(session, second, team, state=State.APPLIED)
    with pytest.raises(Conflict, match="two_contracts"):
        merge_pair(session, actor, found.id, FIRST)
    session.delete(contract)
    for person, phone in ((first, "13900000001"), (second, "13900000002")):
        make_account(session, name=person.name, phone=phone, person_id=person.id)
    with pytest.raises(Conflict, match="two_accounts"):
        merge_pair(session, actor, found.id, FIRST)
    assert merged_into(session, second) is None
    assert session.scalars(select(Merge)).all() == []


def test_it_is_not_undone_once_nobody_could_say_whose_something_is(session: Session) -> None:
    actor = staff(session)
    found, first, second = pair(session)
    merge_pair(session, actor, found.id, FIRST)
    contract = make_contract(session, first, make_team(session)[0], state=State.APPLIED)
    with pytest.raises(Conflict, match="written_since"):
        undo_merge(session, actor, found.id)
    session.delete(contract)
    first.name = "覃文"
    session.flush()
    with pytest.raises(Conflict, match="changed_since"):
        undo_merge(session, actor, found.id)
    first.name = "覃大文"
    session.flush()
    third = make_person(session, name="覃大文")
    later = make_duplicate(session, first, third)
    merge_pair(session, actor, later.id, FIRST)
    with pytest.raises(Conflict, match="merged_since"):
        undo_merge(session, actor, found.id)
    undo_merge(session, actor, later.id)
    undo_merge(session, actor, found.id)
    assert merged_into(session, second) is None


def test_a_record_merged_twice_over_is_found_by_all_its_numbers(session: Session) -> None:
    actor = staff(session)
    found, first, second = pair(session)
    merge_pair(session, actor, found.id, MergePair(keep=Keeping.SECOND))
    third = make_person(session, name="谭大文")
    onward = make_duplicate(session, second, third)
    merge_pair(session, actor, onward.id, MergePair(keep=Keeping.SECOND))
    assert find_identified(session, "谭大文", number_of(first)) == third.id
    again = make_duplicate(session, first, third)
    with pytest.raises(Conflict, match="already_merged"):
        merge_pair(session, actor, again.id, FIRST)


def test_a_family_holds_through_a_merge(session: Session) -> None:
    actor = staff(session)
    found, first, second = pair(session)
    account, child = make_resident(session, name="覃小文")
    make_consent(session, first, child)
    make_consent(session, second, child)
    acting = Actor(account_id=account.id, person_id=child.id, verified=True)
    assert {each.id for each in family_of(session, acting)} == {first.id, second.id}
    merge_pair(session, actor, found.id, FIRST)
    assert [each.id for each in family_of(session, acting)] == [first.id]
    undo_merge(session, actor, found.id)
    assert {each.id for each in family_of(session, acting)} == {first.id, second.id}
    both = session.scalars(select(Representation.person_id)).all()
    assert sorted(both) == sorted([first.id, second.id])


def test_who_decides_and_what_is_remembered(session: Session) -> None:
    place = serving(session)
    actor = registrar(session, place)
    found, first, second = pair(session)
    stranger = overseer(session, Role.ADMINISTRATOR, "990299")
    with pytest.raises(Denied):
        merge_pair(session, stranger, found.id, FIRST)
    own = Actor(account_id=actor.account_id, grants=actor.grants, person_id=second.id)
    with pytest.raises(Denied):
        merge_pair(session, own, found.id, FIRST)
    apart = DecidePair(verdict=PairVerdict.DIFFERENT, note="两兄弟")
    assert decide_pair(session, actor, found.id, apart).note == "两兄弟"
    assert find_merge_of(session, found.id) is None
    assert merged_into(session, first) is None
    merge_pair(session, actor, found.id, FIRST)
    with pytest.raises(Conflict, match="already_merged"):
        decide_pair(session, actor, found.id, apart)
    assert session.scalars(select(Identifier)).all() == []
    assert session.scalars(select(Account).where(Account.person_id == first.id)).all() == []
    assert session.scalars(select(Contract)).all() == []
