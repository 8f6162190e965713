"""An event from before comes out as it was signed; one from now says whether it looked."""

from alembic import command
from sqlalchemy import Engine, text

from audit.records import event_record
from core import audit, clock
from core.ids import new_id
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE = text(
    "INSERT INTO core_audit_event (id, at, action, resource_type, resource_id, outcome, policies,"
    " channel, address, request_id) VALUES (gen_random_uuid(), :at, 'auth:sign-in', 'Account', 'x',"
    " 'allowed', '{}', 'web', '', '')"
)
EVENTS = text("SELECT * FROM core_audit_event ORDER BY at")


def test_old_events_stay_as_they_were_signed(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0053")
        now = clock.now()
        connection.execute(BEFORE, {"at": now})
        command.upgrade(config(connection), "0054")
        event = audit.row(None, "directory:read-history", "Team", "t", looked=True)
        connection.execute(audit.EVENT, {"id": new_id(), "at": clock.now(), **event})
        old, new = (event_record(row) for row in connection.execute(EVENTS))
        assert old["version"] == 1
        assert "looked" not in old
        assert (new["version"], new["looked"]) == (2, True)
        command.downgrade(config(connection), "0053")
        command.upgrade(config(connection), "0054")
