"""Sessions over before the change end quietly; live ones stay."""

from alembic import command
from sqlalchemy import Engine, text

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
ACCOUNT = text("INSERT INTO auth_account (id, username, display_name, created_at)"
               " VALUES (gen_random_uuid(), 'a', 'a', now()) RETURNING id")  # fmt: skip
SESSION = text(
    "INSERT INTO auth_session (id, token_hash, account_id, methods, assurance, authenticated_at,"
    " active_role, address, created_at, expires_at) VALUES (gen_random_uuid(), :hash, :account,"
    " ARRAY['pwd'], 1, now(), 'resident', '', now(), now() + CAST(:hours || ' hours' AS interval))"
)
ENDED = text("SELECT ended_at = expires_at FROM auth_session ORDER BY expires_at")


def test_those_over_end_and_the_live_stay(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0052")
        account = connection.scalar(ACCOUNT)
        for hours in (-1, 1):
            given = {"hash": bytes([hours % 256]), "account": account, "hours": str(hours)}
            connection.execute(SESSION, given)
        command.upgrade(config(connection), "0053")
        assert connection.scalars(ENDED).all() == [True, None]
        command.downgrade(config(connection), "0052")
        assert connection.scalars(ENDED).all() == [True, None]
