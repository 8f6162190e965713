"""Tokens of applications' own are counted from then on; sign-ins counted before stay."""

from alembic import command
from sqlalchemy import Engine, text

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
CLIENT = text(
    "INSERT INTO auth_client (client_id, id, name, grants, redirect_uris,"
    " post_logout_redirect_uris, require_par, scopes, service_scopes, guarded_scopes, algorithm,"
    " sector, version, created_at) VALUES ('service', gen_random_uuid(), 'x',"
    " '{client_credentials}', '{}', '{}', false, '{openid}', '{screens.read}', '{}', 'ES256',"
    " 'client:service', 1, now())"
)
SIGN_INS = text("SELECT sign_ins FROM auth_client_use")


def test_own_tokens_are_counted_apart(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0069")
        connection.execute(CLIENT)
        connection.execute(text("SET session_replication_role = replica"))  # no account is needed
        connection.execute(
            text(
                "INSERT INTO auth_client_use VALUES ('service', current_date, gen_random_uuid(), 3)"
            )
        )
        connection.execute(text("SET session_replication_role = origin"))
        command.upgrade(config(connection), "0070")
        connection.execute(
            text("INSERT INTO auth_client_service_use VALUES ('service', current_date, 5)")
        )
        assert connection.scalar(SIGN_INS) == 3
        command.downgrade(config(connection), "0069")
        assert connection.scalar(SIGN_INS) == 3
