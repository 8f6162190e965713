"""Queues and reviews hold what they say, and bookings from before stay; and back."""

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from appointments.models import Booking
from core import clock
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0026", "0024"
RELEASE = text("""
INSERT INTO appointments_release (id, institution_id, opens_at, ends_at, rate, sealed_seed,
    seed_hash, seed, drawn_at, arrivals, drawn, created_at)
SELECT gen_random_uuid(), institution_id, :opens_at, :opens_at + interval '30 minutes', 20, '', '',
    :seed, :drawn_at, 0, 0, now()
FROM appointments_rule
""")


def test_bookings_stay_and_a_drawn_order_shows_its_seed(app: object, empty: Engine) -> None:
    now = clock.now()
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            slot = make_slots(session, make_clinic(session))[0]
            booking_id = make_booking(session, slot, make_person(session).id).id
            session.commit()
        command.downgrade(config(connection), BEFORE)
        command.upgrade(config(connection), AFTER)
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            assert session.get_one(Booking, booking_id).number == 1
        later = now + timedelta(days=1)
        connection.execute(RELEASE, {"opens_at": now, "seed": "00", "drawn_at": now})
        connection.execute(RELEASE, {"opens_at": later, "seed": None, "drawn_at": None})
        for values in (
            {"opens_at": now, "seed": None, "drawn_at": None},  # the same moment twice
            {"opens_at": later + timedelta(days=1), "seed": None, "drawn_at": now},
            {"opens_at": later + timedelta(days=1), "seed": "00", "drawn_at": None},
        ):
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(RELEASE, values)
