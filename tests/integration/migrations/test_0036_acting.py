"""A consent and a label from before hold after the upgrade; what the tables refuse; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
GIVER, OTHER, CONSENT = (f"00000000-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))
PERSON = text(
    "INSERT INTO residents_person (id, relation, name, sex, birth_date, id_number, id_index,"
    " id_tail_index, division_code, example, created_at) SELECT given.id, 'self', '某人', 'female',"
    " '1980-05-17', '\\x01', decode(md5(given.id::text), 'hex'), '\\x01', '990102001', false,"
    " now() FROM (SELECT CAST(:id AS uuid) AS id) AS given"
)
BEFORE = text(
    "INSERT INTO residents_representation (id, person_id, representative_id, representative_name,"
    " representative_index, scopes, basis, since) VALUES (:id, :giver, :other, '\\x01', '\\x02',"
    " ARRAY['book'], 'named', now())"
)
LABEL = text(
    "INSERT INTO residents_group_membership (person_id, group_code, source, since)"
    " VALUES (:giver, '10', 'example', '2026-01-01')"
)


def test_consents_keep_what_they_say(app: object, empty: Engine) -> None:
    with empty.begin() as connection:

        def run(statement: str) -> None:
            connection.execute(text(statement))

        def refused(statement: str) -> None:
            with pytest.raises(IntegrityError), connection.begin_nested():
                run(statement)

        command.upgrade(config(connection), "0035")
        for person_id in (GIVER, OTHER):
            connection.execute(PERSON, {"id": person_id})
        connection.execute(BEFORE, {"id": CONSENT, "giver": GIVER, "other": OTHER})
        connection.execute(LABEL, {"giver": GIVER})
        command.upgrade(config(connection), "0036")
        row = connection.execute(
            text("SELECT scopes, until, basis, ended_at FROM residents_representation")
        ).one()
        assert tuple(row) == (["book"], None, "named", None)
        refused("UPDATE residents_representation SET scopes = ARRAY['anything']")
        refused("UPDATE residents_representation SET scopes = ARRAY[]::text[]")
        refused("UPDATE residents_representation SET basis = 'child'")
        refused(
            "INSERT INTO residents_former_membership (id, person_id, group_code, source, since,"
            " ended_on, ended_source, created_at) SELECT id, id, '04', 'staff', '2026-02-01',"
            " '2026-01-01', 'staff', now() FROM residents_person"
        )
        run("UPDATE residents_representation SET scopes = ARRAY['book', 'sign'], until = now()")
        run("UPDATE residents_group_membership SET note = '\\x01', set_by_name = '某医生'")
        command.downgrade(config(connection), "0035")
        scopes = connection.scalar(text("SELECT scopes FROM residents_representation"))
        assert scopes == ["book"]
        assert connection.scalar(text("SELECT count(*) FROM residents_group_membership")) == 1
        command.upgrade(config(connection), "0036")
