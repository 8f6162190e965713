"""What missed visits and late cancellations count: suspensions and appeals."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from appointments.models import Booking, CountedVisit, Suspension
from appointments.queries.records import list_records
from appointments.schemas import Appeal, BookSlot, CancelBooking, Decide, RecordQuery
from appointments.services.booking import book_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.visits import appeal, decide_appeal, mark_visit
from core import clock
from core.access import Actor
from core.database import transaction
from core.errors import Conflict, Denied
from notifications.models import Message
from tests.factories.appointments import Clinic, make_clinic, make_slots
from tests.integration.appointments.visiting import (
    CAME,
    MISSED,
    desk,
    no_texts,
    own,
    record,
    resident,
    suspension,
    visit,
)

__all__ = ["no_texts"]
Jobs = Callable[[], int]


def suspended(session: Session, clinic: Clinic, actor: Actor, missed: int = 3) -> list[Booking]:
    """Somebody who has missed so many visits, as the desk says."""
    registrar = desk(session, clinic)
    visits = [visit(session, clinic, own(actor), ago) for ago in range(1, missed + 1)]
    for each in visits:
        mark_visit(session, registrar, each.id, MISSED)
    return visits


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
