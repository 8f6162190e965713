"""Visits that are over: who came, what missed ones count, suspensions and appeals."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date, timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from appointments import ports
from appointments.jobs import settle_visits
from appointments.models import Booking, CountedVisit, Slot, Suspension
from appointments.queries.records import list_records
from appointments.schemas import (
    Appeal,
    BookSlot,
    CancelBooking,
    Decide,
    MarkVisit,
    Outcome,
    RecordQuery,
    RecordView,
    State,
)
from appointments.services.booking import book_slot, cancel_booking
from appointments.services.visits import appeal, decide_appeal, mark_session, mark_visit
from core import clock
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict, Denied
from notifications.models import Message
from notifications.public import SmsGateway
from tests.factories.appointments import Clinic, make_booking, make_clinic, make_slots
from tests.factories.auth import actor_for, make_account
from tests.factories.residents import make_person, make_resident

CAME, MISSED = MarkVisit(outcome=Outcome.ATTENDED), MarkVisit(outcome=Outcome.NO_SHOW)
Jobs = Callable[[], int]
Browser = Callable[[UUID], FlaskClient]
Counting = Callable[[], AbstractContextManager[list[str]]]
MOST_STATEMENTS = 8


@pytest.fixture(autouse=True)
def no_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SMS gateway takes everything."""
    monkeypatch.setattr(SmsGateway, "send_message", lambda *_: None)


def resident(session: Session) -> Actor:
    account, person = make_resident(session)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def desk_account(session: Session, clinic: Clinic) -> UUID:
    grants = {Role.REGISTRAR: [str(clinic.institution.id)]}
    return make_account(session, name="挂号员", roles=grants).id


def desk(session: Session, clinic: Clinic) -> Actor:
    return actor_for(session, desk_account(session, clinic))


def visit(session: Session, clinic: Clinic, person_id: UUID, ago: int) -> Booking:
    """A visit that was booked for so many days ago."""
    slot = make_slots(session, clinic, day=clock.today() - timedelta(days=ago))[0]
    return make_booking(session, slot, person_id)


def own(actor: Actor) -> UUID:
    assert actor.person_id
    return actor.person_id


def state(session: Session, booking: Booking) -> State:
    return State(session.get_one(Booking, booking.id, populate_existing=True).state)


def suspension(session: Session, actor: Actor) -> Suspension | None:
    query = select(Suspension).where(Suspension.person_id == actor.person_id)
    newest = query.order_by(Suspension.since.desc(), Suspension.id.desc())
    return session.scalars(newest.execution_options(populate_existing=True)).first()


def record(session: Session, actor: Actor) -> RecordView:
    (only,) = list_records(session, actor, RecordQuery())
    return only


def suspended(session: Session, clinic: Clinic, actor: Actor, missed: int = 3) -> list[Booking]:
    """Somebody who has missed so many visits, as the desk says."""
    registrar = desk(session, clinic)
    visits = [visit(session, clinic, own(actor), ago) for ago in range(1, missed + 1)]
    for each in visits:
        mark_visit(session, registrar, each.id, MISSED)
    return visits


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


def test_enough_missed_visits_suspend_and_a_correction_lifts(
    session: Session, run_jobs: Jobs
) -> None:
    clinic, actor = make_clinic(session, no_show_max=3, suspend_days=90), resident(session)
    visits = suspended(session, clinic, actor)
    barred = suspension(session, actor)
    assert barred
    assert (barred.points, barred.until - barred.since) == (300, timedelta(days=90))
    assert len(record(session, actor).visits) == 3
    free = make_slots(session, clinic)[0]
    wish = BookSlot(slot_id=free.id, person_id=own(actor))
    with pytest.raises(Conflict) as caught:
        book_slot(session, actor, wish)
    assert caught.value.code == "suspended"
    mark_visit(session, desk(session, clinic), visits[0].id, CAME)
    barred = suspension(session, actor)
    assert barred and barred.lifted_at
    assert record(session, actor).points == 200
    assert book_slot(session, actor, wish)
    run_jobs()
    query = select(Message.sentence).where(Message.person_id == actor.person_id)
    told = list(session.scalars(query))
    assert len([each for each in told if "已记爽约" in each]) == 3
    assert len([each for each in told if "网上预约暂停到" in each]) == 1
    assert len([each for each in told if "已更正" in each]) == 1


def test_marks_at_once_suspend_once(committed_database: Engine) -> None:
    with transaction() as session:
        clinic, actor = make_clinic(session, no_show_max=3), resident(session)
        visits = [visit(session, clinic, own(actor), ago).id for ago in range(1, 5)]
        registrar = desk(session, clinic)
    gate = Barrier(len(visits))

    def miss(booking_id: UUID) -> None:
        gate.wait()
        with transaction() as session:
            mark_visit(session, registrar, booking_id, MISSED)

    with ThreadPoolExecutor(len(visits)) as pool:
        list(pool.map(miss, visits))
    with transaction() as session:
        assert [each.points for each in session.scalars(select(Suspension))] == [300]
        assert record(session, actor).points == 100


def test_a_visit_counts_for_one_suspension_only(session: Session) -> None:
    clinic, actor = make_clinic(session, no_show_max=2, suspend_days=1), resident(session)
    suspended(session, clinic, actor, missed=2)
    with clock.shifted(timedelta(days=2)):
        registrar = desk(session, clinic)
        again = visit(session, clinic, own(actor), 1)
        mark_visit(session, registrar, again.id, MISSED)
        assert record(session, actor).points == 100
        assert record(session, actor).suspension is None
        once_more = visit(session, make_clinic(session, clinic.institution), own(actor), 1)
        mark_visit(session, registrar, once_more.id, MISSED)
        assert record(session, actor).suspension
    assert len(session.scalars(select(CountedVisit)).all()) == 4


def test_visits_before_the_window_count_no_more(session: Session) -> None:
    clinic, actor = make_clinic(session, no_show_max=2, no_show_days=5), resident(session)
    registrar = desk(session, clinic)
    old, new = visit(session, clinic, own(actor), 5), visit(session, clinic, own(actor), 1)
    for each in (old, new):
        mark_visit(session, registrar, each.id, MISSED)
    assert record(session, actor).points == 100
    assert suspension(session, actor) is None


def test_other_institutions_count_for_themselves(session: Session) -> None:
    actor = resident(session)
    for _ in range(2):
        suspended(session, make_clinic(session, no_show_max=2), actor, missed=1)
    assert suspension(session, actor) is None
    assert [each.points for each in list_records(session, actor, RecordQuery())] == [100, 100]


def test_late_cancellations_count_by_the_rule(session: Session, run_jobs: Jobs) -> None:
    clinic, actor = make_clinic(session, no_show_max=1, late_cancel_percent=50), resident(session)
    day = clock.today() + timedelta(days=3)
    for ahead, late in ((0, True), (1, False), (2, True)):
        slot = make_slots(session, clinic, day=day + timedelta(days=ahead))[0]
        booking = book_slot(session, actor, BookSlot(slot_id=slot.id, person_id=own(actor)))
        session.commit()
        moment = slot.cancel_until - clock.now()
        with clock.shifted(moment if late else timedelta()):
            cancel_booking(session, actor, booking.id, CancelBooking(late=late))
            session.commit()
            run_jobs()
            points = [each.points for each in list_records(session, actor, RecordQuery())]
            if ahead < 2:
                assert points == [50]
                assert suspension(session, actor) is None
    barred = suspension(session, actor)
    assert barred and barred.points == 100


def test_an_appeal_is_made_once_sealed_and_answered(session: Session, run_jobs: Jobs) -> None:
    clinic, actor = make_clinic(session, no_show_max=1), resident(session)
    suspended(session, clinic, actor, missed=1)
    barred = suspension(session, actor)
    assert barred
    registrar = desk(session, clinic)
    answer = Decide(lift=True, sentence="当天住院，已核实")
    with pytest.raises(Conflict):
        decide_appeal(session, registrar, barred.id, answer)
    said = Appeal(text="那天在住院，没有办法取消")
    with pytest.raises(Denied):
        appeal(session, resident(session), barred.id, said)
    assert appeal(session, actor, barred.id, said).appealed_at
    with pytest.raises(Conflict) as caught:
        appeal(session, actor, barred.id, said)
    assert caught.value.code == "already_appealed"
    stored = session.execute(text("SELECT appeal FROM appointments_suspension")).scalar_one()
    assert "住院".encode() not in bytes(stored)
    with pytest.raises(Denied):
        decide_appeal(session, desk(session, make_clinic(session)), barred.id, answer)
    assert decide_appeal(session, registrar, barred.id, answer).lifted_at
    with pytest.raises(Conflict) as caught:
        decide_appeal(session, registrar, barred.id, answer)
    assert caught.value.code == "already_decided"
    # Forgiven, it does not count again.
    assert list_records(session, actor, RecordQuery()) == []
    run_jobs()
    query = select(Message).where(Message.person_id == actor.person_id)
    told = [each for each in session.scalars(query) if "同意了您的申诉" in each.sentence]
    assert [each.values["decision"] for each in told] == ["当天住院，已核实"]


def test_a_kept_suspension_goes_on(session: Session) -> None:
    clinic, actor = make_clinic(session, no_show_max=1), resident(session)
    suspended(session, clinic, actor, missed=1)
    barred = suspension(session, actor)
    assert barred
    appeal(session, actor, barred.id, Appeal(text="没有看到提醒消息"))
    kept = decide_appeal(
        session, desk(session, clinic), barred.id, Decide(lift=False, sentence="提醒已送达")
    )
    assert kept.lifted_at is None
    assert record(session, actor).suspension
    with clock.shifted(timedelta(days=91)), pytest.raises(Conflict) as caught:
        appeal(session, actor, barred.id, Appeal(text="再申诉一次试试"))
    assert caught.value.code == "suspension_over"


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
