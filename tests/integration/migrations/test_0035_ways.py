"""Contracts from before have no introduction; what the new tables promise; and back."""

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.ids import new_id
from directory.models import Team
from tests.factories.auth import make_account
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0033", "0035"
INTRODUCTION = text(
    "INSERT INTO family_doctor_introduction (contract_id, channel, account_id, by_name,"
    " for_another, evidence, evidence_number)"
    " VALUES (:contract, :channel, :account, 'x', :another, :evidence, :number)"
)
SHARE = text(
    "INSERT INTO family_doctor_share (id, team_id, account_id, parent_id, depth, created_at,"
    " expires_at) VALUES (:id, :team, :account, :parent, :depth, now(), now())"
)


def refused(connection: Connection, statement: object, values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), connection.begin_nested():
        connection.execute(statement, values)  # type: ignore[call-overload]


def test_ways_of_signing(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            team = make_team(session)[0].id
            account = make_account(session, name="家人").id
            person = make_person(session)
            contract = make_contract(session, person, session.get_one(Team, team)).id
            session.commit()
        command.downgrade(config(connection), BEFORE)
        command.upgrade(config(connection), AFTER)
        assert connection.scalar(text("SELECT card_days FROM family_doctor_way_rule")) == 90
        refused(connection, text("INSERT INTO family_doctor_way_rule (id) VALUES (2)"), {})
        way: dict[str, object] = {
            "contract": contract, "account": account, "channel": "agent", "another": True,
            "evidence": None, "number": None,
        }  # fmt: skip
        for more in (
            {"channel": "portal", "another": False},
            {"channel": "card"},  # a link acts for nobody
            {"evidence": "hearsay"},
            {"channel": "card", "another": False, "evidence": "id_card"},
            {"number": b"1"},
        ):
            refused(connection, INTRODUCTION, way | more)
        connection.execute(INTRODUCTION, way | {"evidence": "authorisation", "number": b"1"})
        first = new_id()
        share: dict[str, object] = {
            "id": first, "team": team, "account": account, "parent": None, "depth": 1,
        }  # fmt: skip
        connection.execute(SHARE, share)
        refused(connection, SHARE, share | {"id": new_id()})  # one a team and account
        refused(connection, SHARE, share | {"id": new_id(), "parent": first})  # a child is deeper
        command.downgrade(config(connection), BEFORE)
        assert connection.scalar(text("SELECT count(*) FROM family_doctor_contract")) == 1
        command.upgrade(config(connection), AFTER)
