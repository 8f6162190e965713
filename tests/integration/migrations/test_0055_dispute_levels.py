"""A dispute that waited for a decision waits for its institution, a rule gives the levels above
their days; back, what went to those above waits for the institution again.
"""

from alembic import command
from sqlalchemy import Engine, text

from tests.integration.migrations.test_0031_exchange import INSTITUTION, ORGANISATION
from tests.integration.migrations.test_0041_panel import DIVISION, RULE
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
DAYS = text("SELECT dispute_remind_days, dispute_escalate_days FROM family_doctor_rule")
# Who disputes which contract is beside the point.
ALONE = text("SET LOCAL session_replication_role = replica")
DISPUTE = text(
    "INSERT INTO family_doctor_dispute (id, contract_id, person_id, team_id, institution_id,"
    " division_code, subject, text, state, opened_at, answer_by, decide_by) VALUES"
    " (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), :institution,"
    " '990102001', 'not_served', '\\x01', 'unanswered', now(), now(), now())"
)
DECIDER = text("SELECT decider, decider_name FROM family_doctor_dispute")
LATE = text("UPDATE family_doctor_dispute SET state = 'escalated', late_since = now()")
STATE = text("SELECT state FROM family_doctor_dispute")


def test_what_waited_waits_for_its_institution(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0054")
        connection.execute(ALONE)
        for statement in ORGANISATION:
            connection.execute(text(statement), {"i": INSTITUTION})
        connection.execute(text(DIVISION))
        connection.execute(text(RULE))
        connection.execute(DISPUTE, {"institution": INSTITUTION})
        command.upgrade(config(connection), "0055")
        assert tuple(connection.execute(DAYS).one()) == (3, 7)
        assert tuple(connection.execute(DECIDER).one()) == (INSTITUTION, "医院")
        connection.execute(LATE)
        command.downgrade(config(connection), "0054")
        assert connection.scalar(STATE) == "unanswered"
        command.upgrade(config(connection), "0055")
        assert tuple(connection.execute(DECIDER).one()) == (INSTITUTION, "医院")
