"""A rule from before has the usual days and reach for transfers; going back frees kept places."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_0041_panel import DIVISION, RULE
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
VALUES = text(
    "SELECT transfer_answer_days, transfer_consent_days, transfer_reach FROM family_doctor_rule"
)
TAKEN = text("SELECT taken FROM family_doctor_team_load")
# Nothing but the transfer matters here: what it points at may be missing.
MOVED = """
SET session_replication_role = replica;
INSERT INTO family_doctor_team_load (team_id, taken)
VALUES ('00000000-0000-7000-8000-00000000000b', 3);
INSERT INTO family_doctor_transfer (id, from_team_id, to_team_id, state, residents, note,
    proposed_at, proposed_by, by_name, waits_until, accepted_at, account_id, signature_id,
    proof_method, proved_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000000a',
    '00000000-0000-7000-8000-00000000000b', 'accepted', 2, '', now(), gen_random_uuid(), '', now(),
    now(), gen_random_uuid(), gen_random_uuid(), 'sms', now());
INSERT INTO family_doctor_transfer_offer (id, transfer_id, contract_id, state, closed_at)
VALUES
    (gen_random_uuid(), '00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'asked', NULL),
    (gen_random_uuid(), '00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'declined',
     now())
"""
REPLAY = text("SET session_replication_role = DEFAULT")


def test_a_rule_from_before_and_back(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0046")
        connection.execute(text(DIVISION))
        connection.execute(text(RULE))
        command.upgrade(config(connection), "0047")
        assert tuple(connection.execute(VALUES).one()) == (7, 14, "region")
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text("UPDATE family_doctor_rule SET transfer_reach = 'world'"))
        for statement in MOVED.split(";"):
            connection.execute(text(statement))
        command.downgrade(config(connection), "0046")
        connection.execute(REPLAY)
        assert connection.scalar(TAKEN) == 2
        assert connection.scalar(text("SELECT count(*) FROM family_doctor_rule")) == 1
