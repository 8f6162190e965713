"""People from before are as they were, without a number yet; what the tables refuse; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_0036_acting import GIVER, OTHER, PERSON
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
PAIR = (
    "INSERT INTO residents_duplicate (id, first_id, second_id, first_division, second_division,"
    " score, reasons, state, found_at) VALUES ('{id}', '{first}', '{second}', '990102001',"
    " '990102001', 0.95, ARRAY['name_same'], 'waiting', now())"
)
PAPER = (
    "INSERT INTO residents_identifier (id, person_id, kind, issuer, number, number_index, source,"
    " created_at) VALUES ('{id}', '{person}', 'passport', '', '\\x01', '\\x02', 'staff', now())"
)


def test_people_are_kept_and_pairs_are_pairs(app: object, empty: Engine) -> None:
    with empty.begin() as connection:

        def run(statement: str) -> None:
            connection.execute(text(statement))

        def refused(statement: str) -> None:
            with pytest.raises(IntegrityError), connection.begin_nested():
                run(statement)

        command.upgrade(config(connection), "0044")
        for person_id in (GIVER, OTHER):
            connection.execute(PERSON, {"id": person_id})
        command.upgrade(config(connection), "0045")
        row = connection.execute(
            text("SELECT record_number, merged_into FROM residents_person LIMIT 1")
        ).one()
        assert tuple(row) == (None, None)
        refused("UPDATE residents_person SET merged_into = id")
        refused("UPDATE residents_person SET record_number = '\\x01'")
        run("INSERT INTO residents_record_serial VALUES ('990102001101', 99999)")
        refused("UPDATE residents_record_serial SET last = last + 1")
        refused(PAIR.format(id=GIVER, first=OTHER, second=GIVER))
        run(PAIR.format(id=GIVER, first=GIVER, second=OTHER))
        refused(PAIR.format(id=OTHER, first=GIVER, second=OTHER))
        refused("UPDATE residents_duplicate SET state = 'merged'")
        run(PAPER.format(id=GIVER, person=GIVER))
        refused(PAPER.format(id=OTHER, person=OTHER))
        run(f"UPDATE residents_person SET merged_into = '{OTHER}' WHERE id = '{GIVER}'")
        command.downgrade(config(connection), "0044")
        assert connection.scalar(text("SELECT count(*) FROM residents_person")) == 2
        command.upgrade(config(connection), "0045")
