"""Numbers of people: the record's own, several papers, and whoever they find."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from core.crypto import decrypt
from core.errors import Conflict, Denied, Invalid
from directory.models import Village
from residents.identity import parse_record_number
from residents.models import Identifier, Person, RecordSerial
from residents.queries import find_own_identity
from residents.queries.identifiers import find_by_any_number, get_identifiers
from residents.schemas import FindByNumber, IdentifierKind, Keeping, MergePair, RecordIdentifier
from residents.services.identifiers import record_identifier
from residents.services.identity import register_person
from residents.services.merging import merge_pair
from residents.services.numbering import give_record_numbers, number_unnumbered
from tests.factories.auth import overseer
from tests.factories.directory import TOWNSHIP, make_divisions
from tests.factories.residents import make_duplicate, make_id_number, make_person, make_resident
from tests.integration.residents.binding import registrar, resident, serving

Browser = Callable[[UUID], FlaskClient]


def village(session: Session) -> None:
    make_divisions(session)
    code = f"{TOWNSHIP}201"
    session.add(Village(code=code, name="试验村", division_code=TOWNSHIP, record_code="101"))
    session.flush()


def card(number: str = "E12345678", **more: object) -> RecordIdentifier:
    values: dict[str, object] = {"kind": IdentifierKind.PASSPORT, "number": number}
    return RecordIdentifier.model_validate(values | more)


def test_records_are_numbered_by_village_and_keep_the_number(session: Session) -> None:
    village(session)
    people = [make_person(session) for _ in range(3)]
    assert number_unnumbered(session) == 3
    assert number_unnumbered(session) == 0
    numbers = [parse_record_number(person.record_number or "") for person in people]
    assert {number.village for number in numbers} == {"101"}
    assert sorted(number.serial for number in numbers) == [1, 2, 3]
    before = people[0].record_number
    people[0].division_code, people[0].household_id = "990102002", None
    session.flush()
    assert number_unnumbered(session) == 0
    assert people[0].record_number == before
    alone = register_person(
        session,
        name="覃新来",
        id_number=make_id_number(),
        division_code=TOWNSHIP,
        relation="self",
    )
    assert alone.record_number == f"{TOWNSHIP}90100001"


def test_a_village_whose_serials_are_given_goes_on_in_another_segment(session: Session) -> None:
    village(session)
    session.add(RecordSerial(prefix=f"{TOWNSHIP}101", last=99_998))
    session.flush()
    first, second, third = (make_person(session) for _ in range(3))
    give_record_numbers(session, [first])
    give_record_numbers(session, [second, third])
    numbers = [each.record_number or "" for each in (first, second, third)]
    assert numbers[0] == f"{TOWNSHIP}10199999"
    assert numbers[1:] == [f"{TOWNSHIP}90100001", f"{TOWNSHIP}90100002"]


def test_a_paper_is_one_persons_and_hidden_at_rest(session: Session) -> None:
    place = serving(session)
    actor = registrar(session, place)
    person, other = make_person(session), make_person(session)
    book = record_identifier(session, actor, person.id, card())
    assert record_identifier(session, actor, person.id, card()) == book
    assert [each.masked_number for each in book.identifiers] == ["E1****78"]
    with pytest.raises(Conflict, match="number_of_another"):
        record_identifier(session, actor, other.id, card())
    with pytest.raises(Invalid, match="bad_identifier"):
        record_identifier(session, actor, person.id, card(kind=IdentifierKind.HOSPITAL_CARD))
    for issuer in ("甲医院", "乙医院"):
        more = {"kind": IdentifierKind.HOSPITAL_CARD, "issuer": issuer}
        record_identifier(session, actor, person.id, card("0001", **more))
    sealed = session.connection().exec_driver_sql(
        "SELECT number, number_index FROM residents_identifier WHERE kind = 'passport'"
    )
    number, index = sealed.one()
    assert b"E12345678" not in bytes(number) + bytes(index)
    assert decrypt(bytes(number), "residents_identifier.number") == "E12345678"
    assert len(session.scalars(select(Identifier)).all()) == 3


def test_every_number_finds_the_person_for_whoever_may(session: Session) -> None:
    village(session)
    actor = registrar(session, serving(session))
    person, former = make_person(session, name="覃大文"), make_person(session, name="谭大文")
    number_unnumbered(session)
    record_identifier(session, actor, former.id, card())
    pair = make_duplicate(session, person, former)
    keep = Keeping.FIRST if pair.first_id == person.id else Keeping.SECOND
    merge_pair(session, actor, pair.id, MergePair(keep=keep))
    papers = (person.id_number, former.id_number, former.record_number, "e12345678")
    for number in papers:
        found = find_by_any_number(session, actor, FindByNumber(number=number))
        assert [each.id for each in found] == [person.id]
    assert find_by_any_number(session, actor, FindByNumber(number="E00000000")) == []
    book = get_identifiers(session, actor, former.id)
    assert book.person_id == person.id
    assert len(book.former_numbers) == 2
    elsewhere = overseer(session, Role.REGISTRAR, "990299")
    assert find_by_any_number(session, elsewhere, FindByNumber(number=papers[0])) == []
    with pytest.raises(Denied):
        get_identifiers(session, elsewhere, person.id)
    with pytest.raises(Denied):
        find_by_any_number(session, resident(session), FindByNumber(number=papers[0]))


def test_nobody_gives_themself_a_paper_but_sees_their_own(session: Session) -> None:
    village(session)
    staff = registrar(session, serving(session))
    account, person = make_resident(session)
    number_unnumbered(session)
    own = Actor(account_id=account.id, person_id=person.id, verified=True, grants=staff.grants)
    with pytest.raises(Denied):
        record_identifier(session, own, person.id, card())
    assert get_identifiers(session, own, person.id).identifiers == []
    identity = find_own_identity(session, own)
    assert identity is not None
    assert identity.record_number == "990102 001 101 00001"


def test_the_pages_record_and_find(session: Session, signed_in: Browser) -> None:
    village(session)
    place = serving(session)
    staff = registrar(session, place)
    account, person = make_resident(session, name="覃大文")
    number_unnumbered(session)
    session.commit()
    desk = signed_in(staff.account_id)
    page = f"/residents/people/{person.id}/identifiers"
    assert "没有其他证件" in desk.get(page).text
    wrong = desk.post(page, data={"kind": "passport", "number": "E", "_once": "a"})
    assert wrong.status_code == 422
    body = {"kind": "passport", "number": "E12345678", "_once": "b"}
    assert "E1****78" in desk.post(page, data=body, follow_redirects=True).text
    assert "覃大文" in desk.get("/residents/find?number=E12345678").text
    record = session.scalars(select(Person.record_number)).one() or ""
    assert "覃大文" in desk.get("/residents/find", query_string={"number": record}).text
    assert "990102 001 101 00001" in signed_in(account.id).get("/me/").text
    assert signed_in(account.id).get("/residents/find").status_code == 403
