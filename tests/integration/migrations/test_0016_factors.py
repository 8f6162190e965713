"""Accounts, sessions and codes from before second factors go on, and back."""

from alembic import command
from sqlalchemy import Engine, text

from core.ids import new_id
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE = "0013"


def test_what_was_there_goes_on(app: object, empty: Engine) -> None:
    account, session = new_id(), new_id()
    with empty.begin() as connection:
        command.upgrade(config(connection), BEFORE)
        connection.execute(
            text(
                "INSERT INTO auth_account (id, username, display_name, password_hash, created_at)"
                " VALUES (:account, 'doctor', '示例', 'hash', now())"
            ),
            {"account": account},
        )
        connection.execute(
            text(
                "INSERT INTO auth_session (id, token_hash, account_id, methods, assurance,"
                " authenticated_at, active_role, address, created_at, expires_at)"
                " VALUES (:id, sha256('t'), :account, '{pwd}', 1, now(), 'leader', '', now(),"
                " now())"
            ),
            {"id": session, "account": account},
        )
        connection.execute(
            text(
                "INSERT INTO auth_challenge (id, phone, phone_index, code_hash, tries, created_at,"
                " expires_at) VALUES (:id, 'x', 'x', 'x', 0, now(), now())"
            ),
            {"id": new_id()},
        )
        command.upgrade(config(connection), "0016")
        kept = connection.execute(
            text(
                "SELECT channel, user_agent, last_seen_at IS NOT NULL, password_initial, purpose"
                " FROM auth_session, auth_account, auth_challenge"
            )
        ).one()
        assert tuple(kept) == ("web", "", True, False, "sign_in")
        connection.execute(
            text(
                "INSERT INTO auth_totp (account_id, secret, last_step, created_at)"
                " VALUES (:account, 'sealed', 0, now())"
            ),
            {"account": account},
        )
        command.downgrade(config(connection), BEFORE)
        left = "SELECT count(*) FROM auth_session WHERE id = :id"
        assert connection.scalar(text(left), {"id": session}) == 1
