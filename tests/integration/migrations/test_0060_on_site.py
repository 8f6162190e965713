"""Who confirmed on a device before keeps what they did; signatures have no witness; and back."""

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from tests.factories.auth import make_account
from tests.factories.directory import make_team
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEGUN = text(
    "INSERT INTO family_doctor_presence"
    " (id, team_id, person_id, account_id, evidence, begun_at, expires_at)"
    " VALUES (:id, :team, :person, :account, 'id_card', :begun, :until)"
)
SIGNED = text("UPDATE family_doctor_presence SET signed_at = now()")
WITNESSES = text(
    "SELECT count(*) FROM information_schema.columns WHERE table_name = 'family_doctor_signature'"
    " AND column_name = 'witness_name'"
)


def test_what_was_begun_before_stays(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            values = {
                "id": new_id(),
                "team": make_team(session)[0].id,
                "person": make_person(session).id,
                "account": make_account(session).id,
                "begun": clock.now(),
                "until": clock.now() + timedelta(minutes=30),
            }
            session.commit()
        command.downgrade(config(connection), "0059")
        assert connection.scalar(WITNESSES) == 0
        connection.execute(BEGUN, values)
        command.upgrade(config(connection), "0060")
        assert connection.scalar(WITNESSES) == 1
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(SIGNED)
        command.downgrade(config(connection), "0059")
        assert connection.scalar(text("SELECT count(*) FROM family_doctor_presence")) == 1
