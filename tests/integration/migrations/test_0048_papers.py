"""People from before keep their ID number; who has none is one whose index is their own id."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_0036_acting import GIVER, OTHER, PERSON
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
PAPER = (
    "INSERT INTO residents_identifier (id, person_id, kind, issuer, number, number_index, source,"
    " created_at) VALUES (gen_random_uuid(), '{person}', '{kind}', '', '\\x01', '\\x02', 'staff',"
    " now())"
)
UNNUMBERED = "UPDATE residents_person SET id_number = NULL{index} WHERE id = '" + OTHER + "'"


def test_people_keep_their_number_and_others_have_none(app: object, empty: Engine) -> None:
    with empty.begin() as connection:

        def run(statement: str) -> None:
            connection.execute(text(statement))

        def refused(statement: str) -> None:
            with pytest.raises(IntegrityError), connection.begin_nested():
                run(statement)

        command.upgrade(config(connection), "0046")
        for person_id in (GIVER, OTHER):
            connection.execute(PERSON, {"id": person_id})
        run(PAPER.format(person=GIVER, kind="passport"))
        run(PAPER.format(person=GIVER, kind="household_book"))
        command.upgrade(config(connection), "0048")
        assert connection.scalar(text("SELECT count(id_number) FROM residents_person")) == 2
        refused(UNNUMBERED.format(index=""))
        refused(f"UPDATE residents_person SET id_index = uuid_send(id) WHERE id = '{OTHER}'")
        run(UNNUMBERED.format(index=", id_index = uuid_send(id)"))
        refused(PAPER.format(person=OTHER, kind="passport"))
        # All of a household have one book, each of them once.
        run(PAPER.format(person=OTHER, kind="household_book"))
        refused(PAPER.format(person=OTHER, kind="household_book"))
        run(f"DELETE FROM residents_identifier WHERE person_id = '{OTHER}'")
        run(f"DELETE FROM residents_person WHERE id = '{OTHER}'")
        command.downgrade(config(connection), "0046")
        refused("UPDATE residents_person SET id_number = NULL")
        command.upgrade(config(connection), "0048")
