"""Bookings from before go on; what the new tables promise; and back."""

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.ids import new_id
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0024", "0028"
CONSENT = text(
    "INSERT INTO residents_representation (id, person_id, representative_id, representative_name,"
    " representative_index, scopes, basis, since, ended_at, ended_by)"
    " VALUES (:id, :person, :other, 'x', :index, :scopes, 'named', now(), :ended, :by)"
)
REMINDER = text(
    "INSERT INTO appointments_reminder (booking_id, kind, sent_at) VALUES (:booking, :kind, now())"
)


def consent(connection: Connection, person: object, other: object, **more: object) -> None:
    values = {"index": b"i", "scopes": ["book"], "ended": None, "by": None} | more
    with connection.begin_nested():
        connection.execute(CONSENT, {"id": new_id(), "person": person, "other": other} | values)


def reminder(connection: Connection, booking: object, kind: str) -> None:
    with connection.begin_nested():
        connection.execute(REMINDER, {"booking": booking, "kind": kind})


def test_consents_and_reminders(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            one, two = make_person(session).id, make_person(session).id
            slot = make_slots(session, make_clinic(session))[0]
            booking = make_booking(session, slot, one).id
            session.commit()
        command.downgrade(config(connection), BEFORE)
        command.upgrade(config(connection), AFTER)
        consent(connection, one, two)
        consent(connection, one, None, index=b"j")
        past: dict[str, object] = {"ended": "2027-01-01", "by": "person"}
        consent(connection, one, two, **past)
        bad: list[dict[str, object]] = [
            {},  # one live consent a pair
            {"index": b"k", "scopes": []},
            {"index": b"k", "scopes": ["pay"]},
            {"index": b"k", "ended": "2027-01-01"},
            {"index": b"k", "ended": "2027-01-01", "by": "somebody"},
        ]
        for more in bad:
            with pytest.raises(IntegrityError):
                consent(connection, one, two, **more)
        with pytest.raises(IntegrityError):
            consent(connection, one, one, index=b"k")
        reminder(connection, booking, "day_before")
        for kind in ("day_before", "sometime"):
            with pytest.raises(IntegrityError):
                reminder(connection, booking, kind)
        command.downgrade(config(connection), BEFORE)
        count = connection.scalar(text("SELECT count(*) FROM appointments_booking"))
        assert count == 1
        command.upgrade(config(connection), AFTER)
