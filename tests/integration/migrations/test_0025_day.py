"""Rules from before the queues get what they call by; a day's tickets go with the step back."""

from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.ids import new_id
from tests.factories.directory import make_institution
from tests.integration.migrations.test_with_data import config, empty, rows

__all__ = ["empty"]
BEFORE, AFTER = "0022", "0025"
ACCOUNT = """
INSERT INTO auth_account (id, username, display_name, version, created_at)
VALUES (gen_random_uuid(), 'day.desk', 'desk', 1, now()) RETURNING id
"""
SCREEN = """
INSERT INTO appointments_screen (id, institution_id, division_code, name, department_ids,
    token_hash, made_by, created_at)
VALUES (:id, :institution, '990102001', 'hall', ARRAY[:id]::uuid[], '\\x00', :account, now())
"""


def test_rules_get_what_they_call_by(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), BEFORE)
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            values = {
                "institution": make_institution(session).id,
                "account": session.scalar(text(ACCOUNT)),
                "id": new_id(),
            }
            session.commit()
        connection.execute(
            text(
                "INSERT INTO appointments_rule (institution_id, horizon_days, release_time,"
                " by_kind, close_minutes, cancel_days, cancel_time, day_limit, active_limit,"
                " proxies_limit, family_doctor_share, referral_share, onsite_share, elderly_share,"
                " reserved_hours, hold_minutes, waitlist_limit, offer_minutes, no_show_max,"
                " no_show_days, suspend_days, late_cancel_percent, early_minutes, grace_minutes,"
                " queue_minutes, queue_rate, slot_minutes, morning_from, morning_until,"
                " afternoon_from, afternoon_until) VALUES (:institution, 7, '07:00', '{}', 30, 1,"
                " '17:00', 2, 4, 6, 0, 0, 0, 0, 48, 15, 2, 20, 3, 180, 90, 50, 60, 30, 0, 20, 30,"
                " '08:00', '12:00', '14:30', '17:30')"
            ),
            values,
        )
        before = rows(connection)
        command.upgrade(config(connection), AFTER)
        calling = connection.execute(
            text("SELECT recall_max, skip_behind FROM appointments_rule")
        ).one()
        assert tuple(calling) == (3, 3)
        connection.execute(text(SCREEN), values)
        assert rows(connection)["appointments_screen"] == 1
        command.downgrade(config(connection), BEFORE)
        assert rows(connection) == before
