"""Slots from before have no place in excess, the database bounds those that come; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
SLOT = text(
    "INSERT INTO appointments_slot (id, session_id, institution_id, department_id, division_code,"
    " date, starts_at, ends_at, capacity, taken, remaining, family_doctor, referral, onsite,"
    " elderly, waitlist, issued, opens_at, closes_at, cancel_until, reserved_until)"
    " SELECT each, each, each, each, '990102001', '2026-11-24', now(), now() + interval '1 hour',"
    " 2, 2 - free, free, 0, 0, 0, 0, 0, 2, now() - interval '1 day', now(), now(), now()"
    " FROM (VALUES (gen_random_uuid(), 0), (gen_random_uuid(), 1)) AS given (each, free)"
)


def test_excess_is_none_before(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0062")
        connection.execute(text("SET session_replication_role = replica"))  # no session is needed
        connection.execute(SLOT)
        command.upgrade(config(connection), "0063")
        found = text("SELECT excess FROM appointments_slot")
        assert connection.scalars(found).all() == [0, 0]
        full = "UPDATE appointments_slot SET excess = :excess WHERE remaining = :free"
        connection.execute(text(full), {"excess": 2, "free": 0})
        for excess, free in ((3, 0), (-1, 0), (1, 1)):
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(text(full), {"excess": excess, "free": free})
        command.downgrade(config(connection), "0062")
        taken = connection.scalars(text("SELECT taken FROM appointments_slot ORDER BY taken"))
        assert taken.all() == [1, 2]
