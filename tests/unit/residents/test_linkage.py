"""What the comparison of records finds, and what it leaves."""

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

from residents.linkage import Pair, Record, find_pairs
from residents.schemas import Reason


def record(name: str, born: date, **more: object) -> Record:
    values: dict[str, object] = {
        "id": uuid4(),
        "name": name,
        "sex": "female",
        "birth_date": born,
        "id_number": f"990102{born:%Y%m%d}1234",
        "phone": None,
        "household": str(uuid4()),
        "village": "990102001201",
        "township": "990102001",
        "papers": (),
    }
    return Record(**(values | more))  # type: ignore[arg-type]


def ids(pair: Pair) -> set[UUID]:
    return {pair.first_id, pair.second_id}


def test_it_finds_one_person_twice_and_says_why() -> None:
    born = date(1958, 3, 14)
    one = record("覃秀英", born, phone="a")
    typo = replace(one, id=uuid4(), birth_date=date(1958, 3, 15), id_number="990102195803151236")
    two = record("黄美兰", date(1960, 7, 8), phone="b")
    heard = replace(two, id=uuid4(), name="黄美栏", id_number="990103196007085678", household=None)
    three = record("韦小妹", date(1971, 1, 2), papers=("passport:1",))
    moved = replace(
        three,
        id=uuid4(),
        id_number="990201197101027777",
        village="990201001201",
        township="990201001",
        household=None,
    )
    others = [record("覃秀英", date(1990, 5, 6)), record("李四妹", born)]
    found = find_pairs([one, typo, two, heard, three, moved, *others])
    assert {frozenset(ids(pair)) for pair in found} == {
        frozenset({one.id, typo.id}),
        frozenset({two.id, heard.id}),
        frozenset({three.id, moved.id}),
    }
    assert all(pair.first_id < pair.second_id and 0.9 <= pair.score <= 1 for pair in found)
    said = {frozenset(ids(pair)): pair.reasons for pair in found}
    assert said[frozenset({one.id, typo.id})] == (
        Reason.NAME_SAME,
        Reason.BIRTH_CLOSE,
        Reason.SEX_SAME,
        Reason.ID_CLOSE,
        Reason.PHONE_SAME,
        Reason.HOUSEHOLD_SAME,
    )
    assert Reason.NAME_SIMILAR in said[frozenset({two.id, heard.id})]
    assert Reason.IDENTIFIER_SAME in said[frozenset({three.id, moved.id})]


def test_a_family_that_shares_a_home_and_a_phone_is_not_one_person() -> None:
    home = {"phone": "a", "household": "h"}
    mother = record("覃秀英", date(1958, 3, 14), **home)
    daughter = record("韦秀兰", date(1980, 9, 1), **home)
    son = record("韦秀国", date(1983, 2, 11), sex="male", **home)
    assert find_pairs([mother, daughter, son]) == []
    assert find_pairs([mother]) == []
