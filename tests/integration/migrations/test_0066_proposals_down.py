"""A proposal on the way down is known from here on; undone, it is as if unsaid."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.appointments import make_clinic, make_slots
from tests.factories.directory import make_team
from tests.factories.referrals import make_referral, make_township
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
PROPOSED = text(
    "UPDATE appointments_referral SET state = 'proposed', proposed_institution_id = :house"
)
STATES = text("SELECT state, proposed_institution_id FROM appointments_referral")


def test_a_proposal_down_comes_and_goes(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            slot = make_slots(session, make_clinic(session))[0]
            team = make_team(session, make_township(session))[0]
            make_referral(session, make_person(session), slot, team, down=True, to_team=team)
            values = {"house": make_township(session).id}
            session.commit()
        command.downgrade(config(connection), "0065")
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(PROPOSED, values)
        command.upgrade(config(connection), "0066")
        connection.execute(PROPOSED, values)
        command.downgrade(config(connection), "0065")
        assert connection.execute(STATES).one() == ("sent", None)
