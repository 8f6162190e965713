"""Roles from before they had a period hold on, each account keeps one duty, and back."""

from uuid import UUID

from alembic import command
from sqlalchemy import Connection, Engine, text

from core.ids import new_id
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
# Each a second later than the one before.
HELD = ("security", "registrar", "administrator", "security", "ended analyst")


def give(connection: Connection, account: UUID) -> None:
    connection.execute(
        text(
            "INSERT INTO auth_account (id, username, display_name, created_at)"
            " VALUES (:account, 'doctor', '示例', now())"
        ),
        {"account": account},
    )
    for number, held in enumerate(HELD):
        ended, _, role = held.rpartition(" ")
        connection.execute(
            text(
                "INSERT INTO auth_role_grant"
                " (id, account_id, role, unit, unit_name, created_at, ended_at) VALUES"
                " (:id, :account, :role, :unit, '', timestamptz '2026-01-01 00:00:00Z'"
                " + :number * interval '1 second', CASE WHEN :ended THEN now() END)"
            ),
            {
                "id": new_id(),
                "account": account,
                "role": role,
                "unit": str(number),
                "number": number,
                "ended": bool(ended),
            },
        )


def held(connection: Connection) -> list[str]:
    return list(
        connection.scalars(
            text("SELECT role FROM auth_role_grant WHERE ended_at IS NULL ORDER BY unit")
        )
    )


def test_what_is_held_holds_on_and_duties_are_separated(app: object, empty: Engine) -> None:
    account = new_id()
    with empty.begin() as connection:
        command.upgrade(config(connection), "0013")
        give(connection, account)
        command.upgrade(config(connection), "0015")
        assert held(connection) == ["security", "registrar", "security"]
        begun = text("SELECT bool_and(starts_at = created_at), count(ends_at) FROM auth_role_grant")
        assert tuple(connection.execute(begun).one()) == (True, 0)


def test_what_does_not_count_does_not_begin_to_when_periods_go(app: object, empty: Engine) -> None:
    account = new_id()
    with empty.begin() as connection:
        command.upgrade(config(connection), "0015")
        connection.execute(
            text(
                "INSERT INTO auth_account (id, username, display_name, created_at)"
                " VALUES (:account, 'doctor', '示例', now())"
            ),
            {"account": account},
        )
        for starts, ends in ((-2, -1), (-1, 1), (1, 2)):
            connection.execute(
                text(
                    "INSERT INTO auth_role_grant (id, account_id, role, unit, unit_name,"
                    " created_at, starts_at, ends_at) VALUES (:id, :account, :role, '1', '', now(),"
                    " now() + :starts * interval '1 day', now() + :ends * interval '1 day')"
                ),
                {
                    "id": new_id(),
                    "account": account,
                    "role": "analyst",
                    "starts": starts,
                    "ends": ends,
                },
            )
        command.downgrade(config(connection), "0013")
        assert held(connection) == ["analyst"]
