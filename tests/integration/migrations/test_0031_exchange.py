"""A session from before is exchanged after the upgrade; what the tables refuse; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
ORGANISATION = (
    "INSERT INTO directory_division (code, name, level, population, estimated)"
    " VALUES ('990102001', '一镇', 'town', 1, false)",
    "INSERT INTO directory_institution (id, code, name, short_name, type_code, level, ownership,"
    " division_code, address, beds, doctors, nurses, bookable, example, version, created_at)"
    " VALUES (:i, 'T1', '医院', '医院', 'A100', '二级', 'public', '990102001', '', 1, 1, 1, true,"
    " false, 1, now())",
)
LINK = text(
    "INSERT INTO appointments_hospital_link (id, institution_id, institution_name, division_code,"
    " base_url, secret, enabled, created_at)"
    " VALUES (:id, :i, '医院', '990102001', 'https://his.example', '\\x01', true, now())"
)
LOCK = text(
    "INSERT INTO appointments_hospital_lock (institution_id, lock_id, booking_id, channel,"
    " created_at) VALUES (:i, 'L1', NULL, :channel, now())"
)
INSTITUTION = "00000000-0000-7000-8000-000000000001"
RULE = (
    f'{{"institution_id": "{INSTITUTION}",'
    ' "horizon_days": 7, "release_time": "07:00", "by_kind": {},'
    ' "close_minutes": 30, "cancel_days": 1, "cancel_time": "17:00", "day_limit": 2,'
    ' "active_limit": 4, "proxies_limit": 6, "family_doctor_share": 0, "referral_share": 0,'
    ' "onsite_share": 0, "elderly_share": 0, "reserved_hours": 48, "hold_minutes": 15,'
    ' "waitlist_limit": 2, "offer_minutes": 20, "no_show_max": 3, "no_show_days": 180,'
    ' "suspend_days": 90, "late_cancel_percent": 50, "early_minutes": 60, "grace_minutes": 30,'
    ' "queue_minutes": 0, "recall_max": 3, "skip_behind": 3,'
    ' "queue_rate": 20, "slot_minutes": 30, "version": 1,'
    ' "morning_from": "08:00", "morning_until": "12:00", "afternoon_from": "14:30",'
    ' "afternoon_until": "17:30"}'
)


def test_links_and_locks_go_with_the_tables(app: object, empty: Engine) -> None:
    given = {"i": INSTITUTION}
    with empty.begin() as connection:
        command.upgrade(config(connection), "0028")
        for statement in ORGANISATION:
            connection.execute(text(statement), given)
        connection.execute(
            text(
                "INSERT INTO appointments_rule SELECT (jsonb_populate_record("
                "NULL::appointments_rule, :values)).*"
            ),
            {"values": RULE},
        )
        command.upgrade(config(connection), "0031")
        connection.execute(LINK, {"id": "00000000-0000-7000-8000-000000000002", **given})
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(LINK, {"id": "00000000-0000-7000-8000-000000000003", **given})
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(LOCK, {"channel": "kiosk", **given})
        connection.execute(LOCK, {"channel": None, **given})
        command.downgrade(config(connection), "0028")
        assert connection.scalar(text("SELECT count(*) FROM appointments_rule")) == 1
        command.upgrade(config(connection), "0031")
