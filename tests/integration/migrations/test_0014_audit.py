"""Events from before move into their months, wait for the log, and come back whole."""

from alembic import command
from sqlalchemy import Connection, Engine, text

from core.ids import new_id
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]

MONTHS = ("2026-01-31 23:59:59+00", "2026-02-01 00:00:00+00", "2026-07-15 08:00:00+00")


def insert(connection: Connection, at: str) -> None:
    connection.execute(
        text(
            "INSERT INTO core_audit_event (id, at, action, resource_type, resource_id, outcome,"
            " policies, channel, address, request_id)"
            " VALUES (:id, :at, 'auth:sign-in', 'Account', 'x', 'allowed', '{a,b}', 'web', '', '')"
        ),
        {"id": new_id(), "at": at},
    )


def months(connection: Connection) -> list[tuple[str, int]]:
    """How many events lie in which partition."""
    by_partition = "SELECT tableoid::regclass::text, count(*) FROM core_audit_event GROUP BY 1"
    rows = connection.execute(text(f"{by_partition} ORDER BY 1"))
    return [(name, count) for name, count in rows]


def test_events_move_into_their_months_and_back(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0013")
        for at in MONTHS:
            insert(connection, at)
        whole = text("SELECT * FROM core_audit_event ORDER BY at")
        before = connection.execute(whole).all()
        command.upgrade(config(connection), "0014")
        assert connection.execute(whole).all() == before
        assert months(connection) == [
            ("core_audit_event_202601", 1),
            ("core_audit_event_202602", 1),
            ("core_audit_event_202607", 1),
        ]
        assert connection.scalar(text("SELECT count(*) FROM core_audit_unsequenced")) == 3
        command.downgrade(config(connection), "0013")
        assert connection.execute(whole).all() == before


def test_what_finds_no_month_is_kept_and_moved_when_its_month_is_made(
    app: object, empty: Engine
) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0014")
        insert(connection, "2031-05-10 00:00:00+00")
        insert(connection, "2031-06-01 00:00:00+00")
        assert months(connection) == [("core_audit_event_default", 2)]
        for _ in range(2):  # made twice is made once
            connection.execute(text("SELECT core_make_audit_partition('2031-05-01')"))
        assert months(connection) == [
            ("core_audit_event_203105", 1),
            ("core_audit_event_default", 1),
        ]
