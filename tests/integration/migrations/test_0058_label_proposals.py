"""Norms from before have no rules of screening; what the table refuses; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_0036_acting import GIVER, PERSON
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
# The group is of no matter here: keys are not checked.
BARE = text("SET LOCAL session_replication_role = replica")
VERSION = text(
    "INSERT INTO family_doctor_norm_version (version, document, estimate, provenance, reminding,"
    " loaded_at) VALUES ('1', '', true, '', '{}', now())"
)
PROPOSAL = (
    "INSERT INTO family_doctor_label_proposal (id, person_id, group_code, said, said_en, records,"
    " state, made_at) VALUES (gen_random_uuid(), '{person}', '04', '', '', '[]', '{state}', now())"
)
RULES = text("SELECT screening FROM family_doctor_norm_version")


def test_one_open_proposal_a_person_and_group(app: object, empty: Engine) -> None:
    with empty.begin() as connection:

        def refused(statement: str) -> None:
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(text(statement))

        command.upgrade(config(connection), "0057")
        connection.execute(PERSON, {"id": GIVER})
        connection.execute(VERSION)
        command.upgrade(config(connection), "0058")
        assert connection.scalar(RULES) == []
        connection.execute(BARE)
        connection.execute(text(PROPOSAL.format(person=GIVER, state="open")))
        refused(PROPOSAL.format(person=GIVER, state="open"))
        refused(PROPOSAL.format(person=GIVER, state="declined"))
        command.downgrade(config(connection), "0057")
        assert connection.scalar(text("SELECT count(*) FROM family_doctor_norm_version")) == 1
        command.upgrade(config(connection), "0058")
