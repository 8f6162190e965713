"""Where people live: said by themselves, by a code of the head, or by staff who saw the book."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import Conflict, Denied, Invalid
from directory.models import Village
from residents.models import Household, Person
from residents.queries import representatives_of
from residents.schemas import JoinHome, MoveHome, MoveWay, PlaceInHome, Relation
from residents.services.homes import join_home, make_home_code, move_home, place_in_home
from tests.factories.directory import TOWNSHIP, make_divisions
from tests.factories.residents import make_person
from tests.integration.residents.binding import child_of_ten, registrar, resident, serving

Browser = Callable[[UUID], FlaskClient]
HERE, THERE = f"{TOWNSHIP}202", "990103001202"


def villages(session: Session) -> None:
    make_divisions(session)
    for code, name in ((HERE, "近村"), (THERE, "远村")):
        session.add(Village(code=code, name=name, division_code=code[:9], record_code="102"))
    session.flush()


def person_of(session: Session, actor: Actor) -> Person:
    return session.get_one(Person, actor.person_id)


def test_who_moves_alone_and_who_with_children(session: Session) -> None:
    villages(session)
    own = resident(session, name="韦小兰")
    person = person_of(session, own)
    move = MoveHome(village_code=THERE, house="文明路 1 号")
    for _ in range(2):
        home = move_home(session, own, person.id, move, MoveWay.DECLARED)
    assert (home.village_name, home.house, len(home.moves)) == ("远村", "文明路 1 号", 1)
    assert person.division_code == THERE[:9]
    sealed = session.execute(text("SELECT house FROM residents_household WHERE house IS NOT NULL"))
    assert "文明路".encode() not in bytes(sealed.scalar_one())
    child = make_person(session, birth_date=child_of_ten())
    child.household_id, child.relation = person.household_id, "child"
    session.flush()
    near = MoveHome(village_code=HERE)
    with pytest.raises(Conflict, match="children_alone"):
        move_home(session, own, person.id, near, MoveWay.DECLARED)
    whole = near.model_copy(update={"whole": True})
    home = move_home(session, own, person.id, whole, MoveWay.DECLARED)
    assert [each.relation for each in home.members] == [Relation.HEAD, Relation.CHILD]
    assert child.household_id == person.household_id
    with pytest.raises(Denied):
        move_home(session, own, child.id, near, MoveWay.DECLARED)
    with pytest.raises(Invalid):
        unknown = MoveHome(village_code="990103001999")
        move_home(session, own, person.id, unknown, MoveWay.DECLARED)


def test_an_adult_joins_by_the_heads_code_once(session: Session) -> None:
    villages(session)
    head, other, third = resident(session), resident(session), resident(session)
    home = person_of(session, head).household_id
    child = make_person(session, birth_date=child_of_ten())
    child.household_id, child.relation = home, "child"
    session.flush()
    code = make_home_code(session, head).code
    wrong = "00000000" if code != "00000000" else "11111111"
    with pytest.raises(Invalid):
        join_home(session, other, JoinHome(code=wrong, relation=Relation.SPOUSE))
    with pytest.raises(Invalid):
        join_home(session, other, JoinHome(code=code, relation=Relation.HEAD))
    with pytest.raises(Conflict, match="children_here"), session.begin_nested():
        join_home(session, other, JoinHome(code=code, relation=Relation.SPOUSE))
    assert other.person_id not in representatives_of(session, child.id)
    child.household_id = None
    session.flush()
    as_shown = f"{code[:4]} {code[4:]}"
    joined = join_home(session, other, JoinHome(code=as_shown, relation=Relation.SPOUSE))
    assert len(joined.members) == 2
    with pytest.raises(Invalid):
        join_home(session, third, JoinHome(code=code, relation=Relation.OTHER))
    with pytest.raises(Conflict, match="not_the_head"):
        make_home_code(session, other)
    with pytest.raises(Conflict, match="not_the_head"):
        whole = MoveHome(village_code=THERE, whole=True)
        move_home(session, other, other.person_id, whole, MoveWay.DECLARED)
    move_home(session, head, head.person_id, MoveHome(village_code=THERE), MoveWay.DECLARED)
    assert person_of(session, other).relation == "head"


def test_staff_record_by_the_household_book(session: Session) -> None:
    villages(session)
    staff = registrar(session, serving(session))
    person, member = make_person(session), make_person(session)
    book = PlaceInHome(member_number=member.id_number, relation=Relation.SIBLING)
    for _ in range(2):
        home = place_in_home(session, staff, person.id, book)
    assert (len(home.members), len(home.moves)) == (2, 1)
    assert home.moves[0].way is MoveWay.CHECKED
    away = make_person(session, division_code="990103001")
    with pytest.raises(Denied):
        place_in_home(session, staff, away.id, book)
    himself = Actor(
        account_id=staff.account_id, person_id=person.id, verified=True, grants=staff.grants
    )
    with pytest.raises(Denied):
        move_home(session, himself, person.id, MoveHome(village_code=HERE), MoveWay.CHECKED)
    with pytest.raises(Denied):
        move_home(session, staff, person.id, MoveHome(village_code=HERE), MoveWay.DECLARED)


def test_the_pages_and_the_api(
    session: Session,
    signed_in: Browser,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    villages(session)
    staff, own = registrar(session, serving(session)), resident(session)
    person = person_of(session, own)
    person.household_id = None
    session.commit()
    mine = signed_in(own.account_id)
    assert "还没有家庭" in mine.get("/me/home").text
    assert "近村" in mine.get("/me/home/move").text
    assert "远村" in mine.get(f"/me/home/move?township={THERE[:9]}").text
    wrong = mine.post(f"/me/home/move?township={THERE[:9]}", data={"house": "3 号", "_once": "a"})
    # The township whose villages were shown stays chosen, and what was typed stays.
    assert wrong.status_code == 422 and "远村" in wrong.text and "3 号" in wrong.text
    assert mine.post("/me/home/move", data={"village_code": "x", "_once": "a"}).status_code == 422
    body = {"village_code": HERE, "house": "1 号", "_once": "b"}
    assert "近村" in mine.post("/me/home/move", data=body, follow_redirects=True).text
    assert "有效" in mine.post("/me/home/code").text
    headers = bearer(own.account_id)
    answer = client.get("/api/v1/residents/me/home", headers=headers).json
    assert answer is not None
    assert answer["house"] == "1 号"
    desk = signed_in(staff.account_id)
    page = f"/residents/people/{person.id}/home"
    assert "近村" in desk.get(page).text
    body = {"village_code": f"{TOWNSHIP}202", "house": "2 号", "_once": "c"}
    assert "看过证件" in desk.post(f"{page}/move", data=body, follow_redirects=True).text
    session.expire_all()
    assert session.get_one(Household, person.household_id).house == "2 号"
