"""A referral without a visit is one that was accepted, for those who know no other word."""

from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core import clock
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.directory import make_team
from tests.factories.referrals import make_referral
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
STATES = text("SELECT state FROM appointments_referral")
COURSE = text("SELECT step, state FROM appointments_referral_step")


def test_one_that_waits_for_another_visit_goes_back(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "head")
        session = Session(connection)
        slot = make_slots(session, make_clinic(session))[0]
        referral = make_referral(session, make_person(session), slot, make_team(session)[0])
        connection.execute(text("UPDATE appointments_referral SET state = 'unbooked'"))
        connection.execute(
            text(
                "INSERT INTO appointments_referral_step"
                " (id, referral_id, version, step, state, at, actor_name)"
                " VALUES (gen_random_uuid(), :referral, 2, 'lose', 'unbooked', :now, '')"
            ),
            {"referral": referral.id, "now": clock.now()},
        )
        command.downgrade(config(connection), "0049")
        assert connection.scalars(STATES).all() == ["accepted"]
        assert connection.execute(COURSE).all() == [("place", "accepted")]
        command.upgrade(config(connection), "0050")
        assert connection.scalars(STATES).all() == ["accepted"]
