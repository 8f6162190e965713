"""Waiting is no way around what an account may do: how many it books for, and how it behaves."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from appointments.models import Act, ConductCase, Slot, Wait
from appointments.schemas import BookSlot, ConductCode, State, Waiting
from appointments.services.booking import book_slot, confirm_booking
from appointments.services.conduct import UnderReview
from appointments.services.waitlist import leave_wait
from core import clock
from core.access import Actor
from core.database import transaction
from core.errors import Conflict, TooMany
from tests.factories.appointments import (
    Clinic,
    make_clinic,
    make_conduct_rule,
    make_full,
    make_slots,
)
from tests.factories.residents import make_resident
from tests.integration.appointments.test_conduct import clerk
from tests.integration.appointments.test_family_booking import child_of
from tests.integration.appointments.waiting import give_back, held, join, resident, state


def full(session: Session, clinic: Clinic, ahead: int) -> Slot:
    (slot,) = make_full(session, clinic, day=clock.today() + timedelta(days=ahead))
    return slot


def refused(session: Session, actor: Actor, slot: Slot, person_id: UUID) -> str:
    with pytest.raises(Conflict) as caught, session.begin_nested():
        join(session, actor, slot, person_id)
    return caught.value.code


def test_an_account_waits_for_so_many_people_and_no_more(session: Session) -> None:
    clinic = make_clinic(session, proxies_limit=2)
    first, second, third = (full(session, clinic, ahead) for ahead in (2, 3, 4))
    parent = resident(session)
    one, two, three = (child_of(session, parent, name).id for name in ("甲宝", "乙宝", "丙宝"))
    free = make_slots(session, clinic, day=clock.today() + timedelta(days=5))[0]
    wait = join(session, parent, first, one)
    join(session, parent, second, two)
    assert refused(session, parent, third, three) == "proxies_limit"
    with pytest.raises(Conflict) as caught, session.begin_nested():
        book_slot(session, parent, BookSlot(slot_id=free.id, person_id=three))
    assert caught.value.code == "proxies_limit"
    # Oneself and who is waited for already do not count; who left is waited for no more.
    join(session, parent, third)
    join(session, parent, third, one)
    assert refused(session, parent, first, three) == "proxies_limit"
    for each in session.scalars(select(Wait).where(Wait.person_id == one)):
        leave_wait(session, parent, each.id)
    assert state(session, wait) is Waiting.LEFT
    assert join(session, parent, first, three).state is Waiting.WAITING


def test_a_place_that_was_offered_counts_whatever_became_of_it(session: Session) -> None:
    clinic = make_clinic(session, proxies_limit=1)
    slot, other = full(session, clinic, 2), full(session, clinic, 3)
    parent = resident(session)
    one, two = (child_of(session, parent, name).id for name in ("甲宝", "乙宝"))
    wait = join(session, parent, slot, one)
    give_back(session, slot)
    confirm_booking(session, parent, held(session, wait).id)
    assert state(session, wait) is Waiting.TAKEN
    assert refused(session, parent, other, two) == "proxies_limit"
    session.execute(update(Wait).values(state=Waiting.LAPSED))
    assert refused(session, parent, other, two) == "proxies_limit"
    session.execute(update(Wait).values(created_at=clock.now() - timedelta(days=366)))
    assert join(session, parent, other, two).state is Waiting.WAITING


def test_one_who_waits_for_oneself_is_nobodys_proxy(session: Session) -> None:
    clinic = make_clinic(session, proxies_limit=1)
    slot, other = full(session, clinic, 2), full(session, clinic, 3)
    parent = resident(session)
    wait = join(session, parent, slot)
    give_back(session, slot)
    confirm_booking(session, parent, held(session, wait).id)
    child = child_of(session, parent, "甲宝")
    assert join(session, parent, other, child.id).state is Waiting.WAITING


def test_joining_and_confirming_are_attempts(session: Session) -> None:
    slot = full(session, make_clinic(session), 2)
    actor = resident(session)
    wait = join(session, actor, slot)
    join(session, actor, slot)
    acts = select(Act.cancel).where(Act.account_id == actor.account_id)
    assert session.scalars(acts).all() == [False]
    give_back(session, slot)
    for _ in range(2):
        assert confirm_booking(session, actor, held(session, wait).id).state is State.BOOKED
    assert session.scalars(acts).all() == [False, False]


def test_the_desk_that_confirms_for_a_patient_makes_no_attempt(session: Session) -> None:
    clinic = make_clinic(session)
    slot = full(session, clinic, 2)
    actor = resident(session)
    wait = join(session, actor, slot)
    give_back(session, slot)
    desk = clerk(session, clinic)
    assert confirm_booking(session, desk, held(session, wait).id).state is State.BOOKED
    acts = select(Act.account_id).where(~Act.cancel)
    assert session.scalars(acts).all() == [actor.account_id]


def test_whoever_waits_for_everything_is_reviewed(session: Session) -> None:
    clinic = make_clinic(session, waitlist_limit=9)
    slots = [full(session, clinic, ahead) for ahead in range(2, 6)]
    make_conduct_rule(session, ConductCode.SPEED, review_at=3)
    actor = resident(session)
    session.commit()
    for slot in slots[:2]:
        with transaction() as own:
            join(own, actor, slot)
    for slot in slots[2:]:
        with pytest.raises(UnderReview), transaction() as own:
            join(own, actor, slot)
    assert len(session.scalars(select(ConductCase)).all()) == 1


def test_the_page_says_how_long_to_wait(
    session: Session, signed_in: Callable[[UUID], FlaskClient]
) -> None:
    clinic = make_clinic(session, waitlist_limit=9)
    slots = [full(session, clinic, ahead) for ahead in range(2, 4)]
    make_conduct_rule(session, ConductCode.SPEED, slow_at=2, review_at=90, confirm_at=80)
    account, person = make_resident(session)
    session.commit()
    browser = signed_in(account.id)
    pages = [
        browser.post(
            f"/appointments/waits/join/{slot.session_id}", data={"person_id": str(person.id)}
        )
        for slot in slots
    ]
    assert [page.status_code for page in pages] == [303, TooMany.status]
    assert "预约操作比平常频繁" in pages[1].text
