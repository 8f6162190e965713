"""A phone from before stays; what the table of changes refuses; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_0036_acting import GIVER, PERSON
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BARE = "SET LOCAL session_replication_role = replica"
CHANGE = (
    "INSERT INTO residents_phone_change (id, person_id, institution_id, paper, new_phone,"
    " challenge_id, state, recorded_by, recorded_by_name, created_at, effective_at) VALUES"
    " (gen_random_uuid(), '{person}', '{person}', '{paper}', '\\x01', '{person}', '{state}',"
    " '{person}', '甲', now(), now())"
)


def test_a_change_of_phone_is_whole(app: object, empty: Engine) -> None:
    with empty.begin() as connection:

        def refused(statement: str) -> None:
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(text(statement))

        command.upgrade(config(connection), "0048")
        connection.execute(PERSON, {"id": GIVER})
        connection.execute(text("UPDATE residents_person SET phone = '\\x01'"))
        command.upgrade(config(connection), "0049")
        assert connection.scalar(text("SELECT phone FROM residents_person")) == b"\x01"
        refused(CHANGE.format(person=GIVER, paper="id_card", state="asked"))
        # The institution and the account are of no matter here: keys are not checked.
        connection.execute(text(BARE))
        refused(CHANGE.format(person=GIVER, paper="hearsay", state="asked"))
        refused(CHANGE.format(person=GIVER, paper="id_card", state="maybe"))
        connection.execute(text(CHANGE.format(person=GIVER, paper="id_card", state="waiting")))
        refused(CHANGE.format(person=GIVER, paper="id_card", state="waiting"))
        refused("UPDATE residents_phone_change SET effective_at = NULL")
        refused("UPDATE residents_phone_change SET objection = '\\x01'")
        command.downgrade(config(connection), "0048")
        assert connection.scalar(text("SELECT phone FROM residents_person")) == b"\x01"
        command.upgrade(config(connection), "0049")
