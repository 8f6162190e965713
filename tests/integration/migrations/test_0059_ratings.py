"""Rows of reports from before stay; those of the new figure go when it does; what is refused."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
# Of which report they are is of no matter here: keys are not checked.
BARE = text("SET LOCAL session_replication_role = replica")
ROWS = (
    "INSERT INTO family_doctor_report_rows (report_id, code, ids)"
    " VALUES (gen_random_uuid(), '{code}', ARRAY[gen_random_uuid()])"
)
RATING = (
    "INSERT INTO service_packs_rating (record_id, team_id, staff_id, stars, rated_at) VALUES"
    " (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), {stars}, now())"
)
CODES = text("SELECT code FROM family_doctor_report_rows")


def test_a_figure_comes_and_goes(app: object, empty: Engine) -> None:
    with empty.begin() as connection:

        def refused(statement: str) -> None:
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(text(statement))

        command.upgrade(config(connection), "0058")
        connection.execute(BARE)
        refused(ROWS.format(code="rated"))
        connection.execute(text(ROWS.format(code="kept")))
        command.upgrade(config(connection), "0059")
        connection.execute(text(ROWS.format(code="rated")))
        refused(ROWS.format(code="guessed"))
        connection.execute(text(RATING.format(stars=5)))
        refused(RATING.format(stars=6))
        command.downgrade(config(connection), "0058")
        assert list(connection.scalars(CODES)) == ["kept"]
        command.upgrade(config(connection), "0059")
