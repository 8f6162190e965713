"""Contracts from before have nobody; one looks after each, nobody is away twice; and back."""

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
WHO = (
    " FROM directory_team AS team, auth_account AS account, directory_staff AS staff"
    " JOIN directory_staff AS other ON other.id > staff.id LIMIT 1"
)
HANDOVER = text(
    "INSERT INTO family_doctor_handover (id, team_id, to_staff_id, to_name, residents, at,"
    " account_id, by_name) SELECT gen_random_uuid(), team.id, staff.id, 'x', 1, now(),"
    f" account.id, 'x'{WHO}"
)
ASSIGNMENT = text(
    "INSERT INTO family_doctor_assignment (id, contract_id, team_id, staff_id, staff_name,"
    " handover_id, since) SELECT gen_random_uuid(), contract.id, made.team_id, made.to_staff_id,"
    " 'x', made.id, now() FROM family_doctor_handover AS made, family_doctor_contract AS contract"
)
ABSENCE = text(
    "INSERT INTO family_doctor_absence (id, team_id, staff_id, staff_name, substitute_id,"
    " substitute_name, starts_on, ends_on, recorded_at, account_id)"
    " SELECT gen_random_uuid(), team.id, staff.id, 'x', other.id, 'x',"
    f" cast(:first AS date), cast(:last AS date), now(), account.id{WHO}"
)
CONTRACTS = text("SELECT count(*) FROM family_doctor_contract")


def refused(connection: Connection, statement: object, **values: object) -> None:
    with pytest.raises(IntegrityError), connection.begin_nested():
        connection.execute(statement, values)  # type: ignore[call-overload]


def test_teams_divide_their_work(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            make_contract(session, make_person(session), make_team(session)[0])
            session.commit()
        command.downgrade(config(connection), "0039")
        assert connection.scalar(CONTRACTS) == 1
        command.upgrade(config(connection), "0040")
        connection.execute(HANDOVER)
        connection.execute(ASSIGNMENT)
        refused(connection, ASSIGNMENT)
        connection.execute(ABSENCE, {"first": "2026-11-01", "last": "2026-11-05"})
        refused(connection, ABSENCE, first="2026-11-05", last="2026-11-08")
        connection.execute(ABSENCE, {"first": "2026-11-06", "last": "2026-11-08"})
        command.downgrade(config(connection), "0039")
        assert connection.scalar(CONTRACTS) == 1
