"""Visits that are over: who came, by whose word, on the pages and by the API."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments import ports
from appointments.jobs import settle_visits
from appointments.models import Booking, Slot
from appointments.queries.records import list_records
from appointments.schemas import RecordQuery, State
from appointments.services.visits import mark_session, mark_visit
from core import clock
from core.access import Actor, Role
from core.errors import Conflict, Denied
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.residents import make_person
from tests.integration.appointments.visiting import (
    CAME,
    MISSED,
    desk,
    desk_account,
    no_texts,
    own,
    record,
    resident,
    suspension,
    visit,
)

__all__ = ["no_texts"]
Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[list[str]]]
MOST_STATEMENTS = 8


def state(session: Session, booking: Booking) -> State:
    return State(session.get_one(Booking, booking.id, populate_existing=True).state)


def test_a_mark_is_corrected_within_seven_days_only(session: Session) -> None:
    clinic, actor = make_clinic(session), resident(session)
    registrar = desk(session, clinic)
    booking = visit(session, clinic, own(actor), 1)
    assert mark_visit(session, registrar, booking.id, MISSED).count == 1
    assert mark_visit(session, registrar, booking.id, MISSED).count == 0
    assert record(session, actor).points == 100
    with clock.shifted(timedelta(days=6)):
        assert mark_visit(session, registrar, booking.id, CAME).count == 1
        assert state(session, booking) is State.ATTENDED
        assert list_records(session, actor, RecordQuery()) == []
    with clock.shifted(timedelta(days=7)), pytest.raises(Conflict) as caught:
        mark_visit(session, registrar, booking.id, MISSED)
    assert caught.value.code == "mark_closed"


def test_the_day_is_over_before_anybody_was_missing(session: Session) -> None:
    clinic, actor = make_clinic(session), resident(session)
    booking = visit(session, clinic, own(actor), 0)
    with pytest.raises(Conflict) as caught:
        mark_visit(session, desk(session, clinic), booking.id, MISSED)
    assert caught.value.code == "visit_not_over"


def test_a_cancelled_booking_is_no_visit(session: Session) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, day=clock.today() - timedelta(days=1))[0]
    cancelled = {"state": State.CANCELLED, "cancelled_at": clock.now()}
    booking = make_booking(session, slot, make_person(session).id, **cancelled)
    with pytest.raises(Conflict) as caught:
        mark_visit(session, desk(session, clinic), booking.id, CAME)
    assert caught.value.code == "not_a_visit"


def test_who_marks_keeps_the_desk_of_that_place_and_is_not_the_patient(session: Session) -> None:
    clinic, actor = make_clinic(session), resident(session)
    booking = visit(session, clinic, own(actor), 1)
    units = frozenset({str(clinic.institution.id)})
    oneself = Actor(actor.account_id, person_id=actor.person_id, grants={Role.REGISTRAR: units})
    for who in (actor, oneself, desk(session, make_clinic(session))):
        with pytest.raises(Denied):
            mark_visit(session, who, booking.id, CAME)


def test_a_whole_session_is_marked_but_what_is_marked_and_oneself(session: Session) -> None:
    clinic = make_clinic(session)
    slots = make_slots(session, clinic, day=clock.today() - timedelta(days=1))
    people = [resident(session) for _ in range(3)]
    marked, mine, other = (
        make_booking(session, slot, own(each)) for slot, each in zip(slots, people, strict=False)
    )
    registrar = desk(session, clinic)
    mark_visit(session, registrar, marked.id, CAME)
    self_too = Actor(registrar.account_id, person_id=people[1].person_id, grants=registrar.grants)
    session_id = slots[0].session_id
    assert mark_session(session, self_too, session_id, MISSED).count == 1
    states = [state(session, each) for each in (marked, mine, other)]
    assert states == [State.ATTENDED, State.BOOKED, State.NO_SHOW]
    assert mark_session(session, registrar, session_id, MISSED).count == 1
    assert mark_session(session, registrar, session_id, MISSED).count == 0


def test_check_in_settles_its_sessions_and_leaves_others_to_the_desk(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = make_clinic(session)
    first, second, *_ = make_slots(session, clinic, day=clock.today() - timedelta(days=1))
    seen, unseen = (
        make_booking(session, slot, make_person(session).id) for slot in (first, second)
    )
    by_hand = visit(session, make_clinic(session), make_person(session).id, 1)
    today = make_booking(
        session, make_slots(session, clinic, day=clock.today())[0], make_person(session).id
    )
    settle_visits()
    assert state(session, seen) is State.BOOKED
    monkeypatch.setattr(
        ports, "_seen", lambda _, which: {seen.id} if which == first.session_id else None
    )
    for _ in range(2):
        settle_visits()
    states = [state(session, each) for each in (seen, unseen, by_hand, today)]
    assert states == [State.ATTENDED, State.NO_SHOW, State.BOOKED, State.BOOKED]


def test_the_desk_reviews_and_answers_on_its_pages(
    session: Session, signed_in: Browser, count_statements: Counting
) -> None:
    clinic, actor = make_clinic(session, no_show_max=2), resident(session)
    visits = [visit(session, clinic, own(actor), ago) for ago in (1, 2)]
    other = make_clinic(session, clinic.institution)
    for _ in range(12):
        visit(session, make_clinic(session, other.institution), make_person(session).id, 2)
    browser, patient = signed_in(desk_account(session, clinic)), signed_in(actor.account_id)
    browser.get("/appointments/review")
    with count_statements() as statements:
        page = browser.get("/appointments/review").text
    assert len(statements) <= MOST_STATEMENTS, statements
    assert page.count("data-label") > 12
    for each in visits:
        day = {"date": each.date.isoformat(), "institution_id": str(clinic.institution.id)}
        answer = browser.post(
            f"/appointments/review/{each.id}",
            query_string=day,
            data={"outcome": "no_show", "_once": str(each.id)},
        )
        assert answer.status_code == 303
        assert f"date={each.date}" in answer.location
    assert "未到诊" in browser.get("/appointments/review", query_string=day | {"marked": 1}).text
    rows = browser.post(f"/appointments/review/{visits[0].id}", data={"outcome": "?", "_once": "x"})
    assert rows.status_code == 303
    mine = patient.get("/appointments/record").text
    assert "网上预约暂停到" in mine
    assert "未到诊，计 1 次" in mine
    barred = suspension(session, actor)
    assert barred
    short = patient.post(f"/appointments/record/{barred.id}", data={"text": "无", "_once": "1"})
    assert short.status_code == 422
    said = patient.post(
        f"/appointments/record/{barred.id}",
        data={"text": "两次都在外地照顾家人", "_once": "2"},
        follow_redirects=True,
    )
    assert "请等答复" in said.text
    with count_statements() as statements:
        page = browser.get("/appointments/appeals").text
    assert len(statements) <= MOST_STATEMENTS, statements
    assert "两次都在外地照顾家人" in page
    address = f"/appointments/appeals/{barred.id}"
    empty = browser.post(address, data={"lift": "true", "sentence": "", "_once": "3"})
    assert empty.status_code == 422
    browser.post(address, data={"lift": "true", "sentence": "已核实", "_once": "4"})
    assert "没有申诉" in browser.get("/appointments/appeals").text
    assert "已核实" in browser.get("/appointments/appeals?decided=1").text
    assert "没有爽约记录" in patient.get("/appointments/record").text


def test_the_api_marks_lists_and_answers(
    session: Session, client: FlaskClient, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    clinic, actor = make_clinic(session, no_show_max=1), resident(session)
    booking = visit(session, clinic, own(actor), 1)
    staff, patient = bearer(desk_account(session, clinic)), bearer(actor.account_id)
    where = {"institution_id": str(clinic.institution.id)}
    root = "/api/v1/appointments"
    day = where | {"date": booking.date.isoformat()}
    open_visits = client.get(f"{root}/visits", query_string=day, headers=staff).json
    assert open_visits and [row["booking_id"] for row in open_visits["items"]] == [str(booking.id)]
    slot = session.get_one(Slot, booking.slot_id)
    marked = client.put(
        f"{root}/sessions/{slot.session_id}/outcome", json={"outcome": "no_show"}, headers=staff
    )
    assert marked.json == {"count": 1}
    again = client.put(
        f"{root}/visits/{booking.id}/outcome", json={"outcome": "no_show"}, headers=staff
    )
    assert again.json == {"count": 0}
    records = client.get(f"{root}/records", headers=patient).json
    assert records
    barred = records["items"][0]["suspension"]
    said = client.post(
        f"{root}/suspensions/{barred['id']}/appeal",
        json={"text": "那天发烧去了急诊"},
        headers=patient,
    )
    assert said.status_code == 201
    appeals = client.get(f"{root}/appeals", query_string=where, headers=staff).json
    assert appeals and appeals["items"][0]["appeal"] == "那天发烧去了急诊"
    decided = client.put(
        f"{root}/suspensions/{barred['id']}/decision",
        json={"lift": False, "sentence": "没有急诊记录"},
        headers=staff,
    )
    assert decided.json and decided.json["decision"] == "没有急诊记录"
    for path in ("visits", "appeals"):
        assert client.get(f"{root}/{path}", query_string=day, headers=patient).status_code == 403


def test_no_day_beyond_the_last_seven_is_asked_for(session: Session, signed_in: Browser) -> None:
    clinic = make_clinic(session)
    visit(session, clinic, make_person(session).id, 8)
    browser = signed_in(desk_account(session, clinic))
    page = browser.get("/appointments/review").text
    yesterday: date = clock.today() - timedelta(days=1)
    assert "这一天都核对过了" in page
    assert f"date={yesterday}" in page
