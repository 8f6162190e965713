"""Sessions are opened from templates: within the horizon, once, for those in service."""

from datetime import time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from appointments.jobs import keep_sessions_open
from appointments.models import ClinicSession, Slot
from appointments.public import open_sessions
from appointments.schemas import HalfDay, Kind
from core import clock
from core.errors import Conflict
from tests.factories.appointments import make_clinic, make_template

FAR = timedelta(days=40)


def sessions(session: Session) -> list[ClinicSession]:
    return list(session.scalars(select(ClinicSession).order_by(ClinicSession.date)))


def test_a_template_opens_its_weekday_up_to_the_horizon(session: Session) -> None:
    clinic = make_clinic(session, horizon_days=7)
    weekday = clock.today().isoweekday()
    make_template(session, clinic, weekday=weekday, capacity=4)
    assert open_sessions(session, clock.today() + FAR) == 2
    today, next_week = sessions(session)
    assert (today.date, next_week.date) == (clock.today(), clock.today() + timedelta(days=7))
    assert (today.clinic_name, today.doctor_title) == (clinic.doctor.name, "主治医师")
    assert today.place == "门诊楼 2 层 3 诊室"
    slots = session.scalars(select(Slot).where(Slot.session_id == next_week.id)).all()
    assert len(slots) == 8
    assert {(slot.capacity, slot.remaining, slot.issued) for slot in slots} == {(4, 4, 0)}


def test_an_expert_opens_further_ahead(session: Session) -> None:
    clinic = make_clinic(session)
    make_template(session, clinic, weekday=clock.today().isoweekday(), kind=Kind.EXPERT)
    assert open_sessions(session, clock.today() + FAR) == 3


def test_the_caller_may_open_less(session: Session) -> None:
    make_template(session, make_clinic(session), weekday=clock.today().isoweekday())
    assert open_sessions(session, clock.today()) == 1


def test_opening_again_changes_nothing(session: Session) -> None:
    clinic = make_clinic(session)
    for weekday in range(1, 8):
        make_template(session, clinic, weekday=weekday)
        make_template(
            session, clinic, weekday=weekday, clinic_name="普通门诊", half_day=HalfDay.AFTERNOON
        )
    first = open_sessions(session, clock.today() + FAR)
    slots = session.scalar(select(func.count()).select_from(Slot))
    assert first == 18
    assert open_sessions(session, clock.today() + FAR) == 0
    assert session.scalar(select(func.count()).select_from(Slot)) == slots


def test_the_job_opens_the_next_day_when_it_comes(session: Session) -> None:
    clinic = make_clinic(session)
    for weekday in range(1, 8):
        make_template(session, clinic, weekday=weekday)
    keep_sessions_open()
    before = len(sessions(session))
    with clock.shifted(timedelta(days=1)):
        keep_sessions_open()
    assert len(sessions(session)) == before + 1


def test_who_is_out_of_service_is_passed_over(session: Session) -> None:
    away, closed = make_clinic(session), make_clinic(session)
    away.doctor.disabled_at = clock.now()
    closed.institution.disabled_at = clock.now()
    for clinic in (away, closed):
        make_template(session, clinic, weekday=clock.today().isoweekday())
    session.flush()
    assert open_sessions(session, clock.today() + FAR) == 0


def test_a_rule_that_closes_before_it_opens_stops_nobody_else(session: Session) -> None:
    """Such a rule cannot be set any more, but one may be there."""
    bad = make_clinic(session, horizon_days=1, release_time=time(23), close_minutes=1440)
    good = make_clinic(session)
    for clinic in (bad, good):
        for weekday in range(1, 8):
            make_template(session, clinic, weekday=weekday)
    session.commit()
    keep_sessions_open()
    opened = {each.institution_id for each in sessions(session)}
    assert opened == {good.institution.id}
    with pytest.raises(Conflict, match="never_open"):
        open_sessions(session, clock.today() + FAR, bad.institution.id)
