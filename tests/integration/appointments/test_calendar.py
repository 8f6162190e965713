"""Days that differ, and what sessions are opened by: holidays, validity, kinds, pools."""

from datetime import time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, Rule, Slot, Template
from appointments.public import open_sessions
from appointments.queries.planning import list_exceptions, list_holidays
from appointments.schemas import ExceptionQuery, Kind, SetException, SetHoliday
from appointments.services.calendar import (
    remove_exception,
    remove_holiday,
    set_exception,
    set_holiday,
)
from core import clock
from core.access import Actor
from core.errors import Denied, Invalid
from tests.factories.appointments import Clinic, make_clinic, make_template
from tests.factories.directory import CITY
from tests.factories.supply import DAY, make_administrator, make_registrar

FAR = timedelta(days=40)


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session, horizon_days=7)


@pytest.fixture
def registrar(session: Session, clinic: Clinic) -> Actor:
    return make_registrar(session, clinic)


def tomorrows(session: Session, clinic: Clinic, **more: object) -> Template:
    """A weekly clinic of tomorrow's weekday, which is within the horizon once."""
    weekday = (clock.today() + DAY).isoweekday()
    return make_template(session, clinic, weekday=weekday, **more)  # type: ignore[arg-type]


def opened(session: Session) -> list[ClinicSession]:
    open_sessions(session, clock.today() + FAR)
    return list(session.scalars(select(ClinicSession).order_by(ClinicSession.date)))


def test_a_closed_day_is_not_opened_until_it_is_taken_back(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    template = tomorrows(session, clinic)
    day = clock.today() + DAY
    made = set_exception(
        session,
        registrar,
        SetException(
            institution_id=clinic.institution.id, template_id=template.id, date=day, reason="进修"
        ),
    )
    # The day a week later lies just beyond the horizon, and is opened for its release.
    assert day not in {row.date for row in opened(session)}
    remove_exception(session, registrar, made.id)
    assert day in {row.date for row in opened(session)}


def test_a_day_of_the_whole_house(session: Session, clinic: Clinic, registrar: Actor) -> None:
    tomorrows(session, clinic)
    tomorrows(session, clinic, clinic_name="普通门诊")
    day = clock.today() + DAY
    command = SetException(institution_id=clinic.institution.id, date=day, reason="停电检修")
    set_exception(session, registrar, command)
    again = command.model_copy(update={"reason": "停水检修"})
    assert set_exception(session, registrar, again).reason == "停水检修"
    query = ExceptionQuery(institution_id=clinic.institution.id)
    assert len(list_exceptions(session, registrar, query).items) == 1
    assert day not in {row.date for row in opened(session)}


def test_another_capacity_for_a_day(session: Session, clinic: Clinic, registrar: Actor) -> None:
    template = tomorrows(session, clinic, capacity=3)
    day = clock.today() + DAY
    command = SetException(
        institution_id=clinic.institution.id,
        template_id=template.id,
        date=day,
        capacity=6,
        reason="加号",
    )
    set_exception(session, registrar, command)
    opened(session)
    query = select(Slot.date, func.max(Slot.capacity)).group_by(Slot.date).order_by(Slot.date)
    assert [tuple(row) for row in session.execute(query)] == [(day, 6), (day + 7 * DAY, 3)]
    # What is open already stays, and the answer says so.
    assert set_exception(session, registrar, command).opened == 1


def test_what_does_not_fit_is_refused_in_words(
    session: Session, clinic: Clinic, registrar: Actor
) -> None:
    template = tomorrows(session, clinic)
    house = clinic.institution.id
    with pytest.raises(Invalid) as past:
        set_exception(
            session,
            registrar,
            SetException(institution_id=house, date=clock.today() - DAY, reason="昨天"),
        )
    assert "date" in past.value.fields
    other = clock.today() + 2 * DAY
    with pytest.raises(Invalid) as weekday:
        set_exception(
            session,
            registrar,
            SetException(
                institution_id=house, template_id=template.id, date=other, reason="别的星期几"
            ),
        )
    assert weekday.value.code == "other_weekday"
    with pytest.raises(Denied):
        set_exception(
            session,
            make_registrar(session, make_clinic(session)),
            SetException(institution_id=house, date=other, reason="外人"),
        )


def test_a_holiday_closes_what_is_not_held_on_holidays(session: Session, clinic: Clinic) -> None:
    administrator = make_administrator(session, CITY)
    tomorrows(session, clinic)
    always = tomorrows(session, clinic, clinic_name="急诊门诊")
    always.on_holidays = True
    session.flush()
    day = clock.today() + DAY
    set_holiday(session, administrator, SetHoliday(day=day, name="试验节", name_en="Test day"))
    set_holiday(session, administrator, SetHoliday(day=day, name="试验佳节"))
    assert [row.name for row in list_holidays(session).items if row.day == day] == ["试验佳节"]
    held = [row.clinic_name for row in opened(session) if row.date == day]
    assert held == ["急诊门诊"]
    remove_holiday(session, administrator, day)
    assert len([row for row in opened(session) if row.date == day]) == 2


def test_holidays_are_the_regions(session: Session, clinic: Clinic, registrar: Actor) -> None:
    command = SetHoliday(day=clock.today() + DAY, name="自定节")
    of_house = make_administrator(session, str(clinic.institution.id))
    for actor in (registrar, of_house):
        with pytest.raises(Denied):
            set_holiday(session, actor, command)


def test_validity_bounds_what_is_opened(session: Session, clinic: Clinic) -> None:
    early, late = tomorrows(session, clinic), tomorrows(session, clinic, clinic_name="下周起")
    early.valid_until = clock.today() + DAY
    late.valid_from = clock.today() + 2 * DAY
    session.flush()
    found = {(row.clinic_name, row.date - clock.today()) for row in opened(session)}
    assert found == {(clinic.doctor.name, DAY), ("下周起", 8 * DAY)}


def test_each_kind_has_its_horizon_and_release(session: Session, clinic: Clinic) -> None:
    rule = session.get_one(Rule, clinic.institution.id)
    rule.by_kind = {
        "admission": {"horizon_days": 21, "release_time": "09:15"},
        "vaccination": {"horizon_days": 1},
    }
    session.flush()
    for kind, name in ((Kind.ADMISSION, "住院"), (Kind.VACCINATION, "接种"), (Kind.ONLINE, "网上")):
        for weekday in range(1, 8):
            make_template(session, clinic, weekday=weekday, kind=kind, clinic_name=name)
    opened(session)
    furthest = dict(
        session.execute(
            select(ClinicSession.kind, func.max(ClinicSession.date)).group_by(ClinicSession.kind)
        ).all()
    )
    ahead = {kind: (day - clock.today()).days for kind, day in furthest.items()}
    assert ahead == {"admission": 22, "vaccination": 2, "online": 8}
    bed = session.scalars(
        select(Slot).join(ClinicSession).where(ClinicSession.kind == "admission")
    ).first()
    assert bed is not None
    assert bed.opens_at == clock.at(bed.date - 21 * DAY, 9, 15)


def test_places_are_shared_out_by_the_rule(session: Session, clinic: Clinic) -> None:
    rule = session.get_one(Rule, clinic.institution.id)
    rule.family_doctor_share, rule.referral_share, rule.onsite_share = 20, 10, 10
    rule.elderly_share, rule.release_time = 5, time(7)
    session.flush()
    tomorrows(session, clinic, capacity=5)
    first = opened(session)[0]
    names = ("remaining", "family_doctor", "referral", "onsite", "elderly")
    sums = session.execute(
        select(*(func.sum(getattr(Slot, name)) for name in names)).where(
            Slot.session_id == first.id
        )
    ).one()
    # Of 40: 8, 4, 4 and 2 are kept.
    assert tuple(sums) == (22, 8, 4, 4, 2)
