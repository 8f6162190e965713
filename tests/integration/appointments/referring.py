"""A referral up between two houses, and what has become of its place."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from appointments.models import Slot
from tests.factories.referrals import Two, make_two

HOUR = timedelta(hours=1)


@pytest.fixture
def two(session: Session) -> Two:
    return make_two(session)


def free(session: Session, slot: Slot) -> tuple[int, int, int]:
    session.refresh(slot)
    return slot.referral, slot.remaining, slot.taken
