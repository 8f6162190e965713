"""The counts of referrals come empty beside referrals of before, and go."""

from alembic import command
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session

from tests.factories.appointments import make_clinic, make_slots
from tests.factories.directory import make_team
from tests.factories.referrals import make_referral, make_township
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
TABLES = {"gov_stats_referral_flow", "gov_stats_house"}
REFERRALS = text("SELECT count(*) FROM appointments_referral")


def test_the_counts_of_referrals_come_and_go(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            slot = make_slots(session, make_clinic(session))[0]
            team = make_team(session, make_township(session))[0]
            make_referral(session, make_person(session), slot, team)
            session.commit()
        command.downgrade(config(connection), "0066")
        assert not TABLES & set(inspect(connection).get_table_names())
        command.upgrade(config(connection), "0067")
        assert set(inspect(connection).get_table_names()) >= TABLES
        assert connection.scalar(REFERRALS) == 1
