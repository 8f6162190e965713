"""What the table of those who act no more refuses; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_0036_acting import GIVER, PERSON
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
# The account is of no matter here: keys are not checked.
BARE = text("SET LOCAL session_replication_role = replica")
BAR = (
    "INSERT INTO residents_household_bar (id, person_id, adult_id, side, ended_at, ended_by,"
    " ended_by_name) VALUES (gen_random_uuid(), '{child}', '{adult}', '{side}', now(),"
    " gen_random_uuid(), '甲')"
)
OTHER = "00000000-0000-7000-8000-0000000000ff"


def test_staff_name_a_document(app: object, empty: Engine) -> None:
    with empty.begin() as connection:

        def refused(statement: str) -> None:
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(text(statement))

        command.upgrade(config(connection), "0056")
        connection.execute(PERSON, {"id": GIVER})
        command.upgrade(config(connection), "0057")
        connection.execute(BARE)
        refused(BAR.format(child=GIVER, adult=OTHER, side="staff"))
        refused(BAR.format(child=GIVER, adult=GIVER, side="self"))
        connection.execute(text(BAR.format(child=GIVER, adult=OTHER, side="parent")))
        refused(BAR.format(child=GIVER, adult=OTHER, side="self"))
        command.downgrade(config(connection), "0056")
        assert connection.scalar(text("SELECT count(*) FROM residents_person")) == 1
        command.upgrade(config(connection), "0057")
