"""The pages and the API of comparing, merging and undoing; and the nightly comparison."""

from collections.abc import Callable
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from residents.jobs import find_duplicates, give_numbers
from residents.models import Duplicate, Person
from residents.services.identity import id_index
from tests.factories.auth import make_token
from tests.factories.residents import make_duplicate, make_id_number, make_person
from tests.integration.residents.binding import registrar, serving

Browser = Callable[[UUID], FlaskClient]


def test_the_pages_compare_merge_and_undo(session: Session, signed_in: Browser) -> None:
    staff = registrar(session, serving(session))
    first = make_person(session, name="覃大文", phone="13900000001")
    second = make_person(session, name="谭大文")
    pair = make_duplicate(session, first, second)
    session.commit()
    desk, page = signed_in(staff.account_id), f"/residents/duplicates/{pair.id}"
    assert "覃大文" in desk.get("/residents/duplicates/").text
    shown = desk.get(page).text
    assert "<strong>覃大文</strong>" in shown
    assert "<mark>" in shown
    wrong = desk.post(f"{page}/merge", data={"keep": "third", "_once": "a"})
    assert wrong.status_code == 422
    body = {"keep": "first", "name": "second", "note": "看过原件", "_once": "b"}
    merged = desk.post(f"{page}/merge", data=body, follow_redirects=True).text
    assert "已合并为一份" in merged
    assert "看过原件" in merged
    again = desk.post(f"{page}/merge", data={"keep": "second", "_once": "c"})
    assert (again.status_code, "已经合并" in again.text) == (409, True)
    assert "没有疑似重复的档案" in desk.get("/residents/duplicates/").text
    undone = desk.post(f"{page}/undo", data={"_once": "d"}, follow_redirects=True).text
    assert "合并已撤销" in undone
    later = {"verdict": "later", "_once": "e"}
    assert "以后再看" in desk.post(f"{page}/decide", data=later, follow_redirects=True).text


def test_the_api_decides_and_says_why_not(
    client: FlaskClient, session: Session, signed_in: Browser
) -> None:
    staff = registrar(session, serving(session))
    pair = make_duplicate(session, make_person(session), make_person(session, name="谭大文"))
    token = make_token(session, staff.account_id)
    session.commit()
    headers, at = {"Authorization": f"Bearer {token}"}, f"/api/v1/residents/duplicates/{pair.id}"
    [row] = client.get("/api/v1/residents/duplicates", headers=headers).get_json()["items"]
    assert row["id"] == str(pair.id)
    assert client.get(at, headers=headers).get_json()["may_decide"] is True
    merged = client.post(f"{at}/merge", headers=headers, json={"keep": "second"})
    assert merged.get_json()["kept"] == "second"
    refused = client.post(f"{at}/decision", headers=headers, json={"verdict": "different"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "already_merged")
    assert client.delete(f"{at}/merge", headers=headers).get_json()["state"] == "waiting"


def test_the_night_proposes_a_pair_once(session: Session) -> None:
    one = make_person(session, name="覃秀英", phone="13900000001")
    other = make_person(session, name="覃秀英", phone="13900000001")
    other.id_number = make_id_number(division="990201")
    other.id_index = id_index(other.id_number)
    session.commit()
    find_duplicates()
    pair = session.scalars(select(Duplicate)).one()
    assert {pair.first_id, pair.second_id} == {one.id, other.id}
    assert "phone_same" in pair.reasons
    pair.state, pair.decided_at = "different", pair.found_at
    session.commit()
    find_duplicates()
    session.refresh(pair)
    assert session.scalars(select(Duplicate.state)).all() == ["different"]
    give_numbers()
    numbers = session.scalars(select(Person.record_number)).all()
    assert len(set(numbers)) == 2
