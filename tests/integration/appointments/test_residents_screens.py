"""What holds on every screen of the room that a resident sees."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments.models import Rule
from core import clock
from tests.factories.appointments import make_clinic, make_full, make_slots
from tests.factories.residents import make_resident

Browser: TypeAlias = Callable[[UUID], FlaskClient]


@pytest.mark.parametrize(
    "address",
    ["", "find", "bookings", "waits/", "record", "conduct", "referrals/mine"],
)
def test_the_tab_of_bookings_is_lit(session: Session, signed_in: Browser, address: str) -> None:
    account, _ = make_resident(session)
    session.commit()
    page = signed_in(account.id).get(f"/appointments/{address}").text
    assert '<a href="/appointments/" aria-current="page">' in page


def test_an_empty_day_leads_to_the_first_with_places(session: Session, client: FlaskClient) -> None:
    clinic = make_clinic(session)
    day = clock.today() + timedelta(days=3)
    make_slots(session, clinic, day=day)
    page = f"/appointments/departments/{clinic.department.id}"
    empty = client.get(f"{page}?date={day + timedelta(days=1)}").text
    assert "这一天没有门诊" in empty
    assert empty.count(f"{page}?date={day}") == 1 + 1  # in the strip of days, and as the button


def test_without_any_place_the_way_leads_to_other_departments(
    session: Session, client: FlaskClient
) -> None:
    clinic = make_clinic(session)
    (full,) = make_full(session, clinic)
    page = f"/appointments/departments/{clinic.department.id}"
    empty = client.get(f"{page}?date={full.date + timedelta(days=1)}").text
    assert "近期都没有空号" in empty
    assert "看其他科室" in empty


def test_a_coming_release_with_a_queue_is_said_once(session: Session, signed_in: Browser) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic)[0]
    rule = session.get_one(Rule, clinic.institution.id)
    rule.queue_minutes = 30
    slot.opens_at = clock.now() + timedelta(hours=2)
    account, _ = make_resident(session)
    session.commit()
    page = signed_in(account.id).get(f"/appointments/slots/{slot.id}").text
    assert "要排队进入" in page
    assert "请到时再约" not in page
