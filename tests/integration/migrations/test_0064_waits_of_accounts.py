"""Waits from before are found by their account too; and back."""

from alembic import command
from sqlalchemy import Engine, text

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
WAIT = text(
    "INSERT INTO appointments_wait (id, session_id, person_id, account_id, institution_id,"
    " department_id, division_code, date, priority, state, created_at, offers_end) SELECT"
    " gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
    " gen_random_uuid(), gen_random_uuid(), '450802', CURRENT_DATE, 3, :state, now(), now()"
)
KEPT = text("SELECT count(*) FROM appointments_wait")
ENTRIES = text(
    "SELECT pg_get_expr(indpred, indrelid) IS NOT NULL FROM pg_index"
    " WHERE indexrelid = to_regclass('ix_appointments_wait_account_id')"
)


def test_the_index_comes_and_goes_around_waits(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0063")
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for state in ("waiting", "left"):
            connection.execute(WAIT, {"state": state})
        command.upgrade(config(connection), "0064")
        assert connection.scalar(ENTRIES) is True
        assert connection.scalar(KEPT) == 2
        command.downgrade(config(connection), "0063")
        assert connection.scalar(ENTRIES) is None
        assert connection.scalar(KEPT) == 2
