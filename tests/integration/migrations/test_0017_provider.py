"""Applications, codes and keys from before go on as they were, and back; what only the new ones
know is gone then, and nobody becomes public by it.
"""

from alembic import command
from sqlalchemy import Connection, Engine, text

from core.ids import new_id
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
CLIENT = (
    "INSERT INTO auth_client (client_id, name, redirect_uris, post_logout_redirect_uris, scopes,"
    " algorithm, sector, created_at{more}) VALUES (:client_id, '示例', :redirect_uris, '{{}}',"
    " '{{openid}}', 'ES256', 'clinic.example', now(){values})"
)
KEY = (
    "INSERT INTO auth_signing_key (kid, algorithm, private_key, public_key, created_at{more})"
    " VALUES (:kid, 'ES256', '', '{{}}', now(){values})"
)


def test_what_was_given_goes_on(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0013")
        code = _given_before(connection)
        command.upgrade(config(connection), "0017")
        client = "SELECT grants, require_par, service_scopes, guarded_scopes FROM auth_client"
        assert tuple(connection.execute(text(client)).one()) == (
            ["authorization_code"], False, [], []
        )  # fmt: skip
        assert connection.scalar(text("SELECT grant_id FROM auth_token")) == code
        assert connection.scalar(text("SELECT active_at = created_at FROM auth_signing_key"))
        _given_since(connection)
        command.downgrade(config(connection), "0013")
        left = connection.scalars(text("SELECT client_id FROM auth_client")).all()
        assert left == ["clinic"]
        keys = connection.scalars(text("SELECT kid FROM auth_signing_key")).all()
        assert keys == ["second"]
        again = "SELECT access_token_hash FROM auth_authorization_code"
        token = "SELECT token_hash FROM auth_token"
        assert connection.scalar(text(again)) == connection.scalars(text(token)).one()


def _given_before(connection: Connection) -> object:
    ids = {name: new_id() for name in ("account", "session", "code", "token")}
    for statement in (
        "INSERT INTO auth_account (id, username, display_name, created_at)"
        " VALUES (:account, 'doctor', '示例', now())",
        "INSERT INTO auth_session (id, token_hash, account_id, methods, assurance,"
        " authenticated_at, active_role, address, created_at, expires_at)"
        " VALUES (:session, sha256('s'), :account, '{pwd}', 1, now(), 'leader', '', now(), now())",
        CLIENT.format(more="", values=""),
        "INSERT INTO auth_authorization_code (id, code_hash, client_id, session_id, redirect_uri,"
        " scope, code_challenge, created_at, expires_at, redeemed_at, access_token_hash)"
        " VALUES (:code, sha256('c'), 'clinic', :session, '', 'openid', '', now(), now(), now(),"
        " sha256('t'))",
        "INSERT INTO auth_token (id, token_hash, account_id, session_id, client_id, scope,"
        " created_at, expires_at)"
        " VALUES (:token, sha256('t'), :account, :session, 'clinic', 'openid', now(), now())",
        KEY.format(more="", values=""),
    ):
        given = ids | {
            "client_id": "clinic", "redirect_uris": ["https://clinic.example/cb"], "kid": "first"
        }  # fmt: skip
        connection.execute(text(statement), given)
    return ids["code"]


def _given_since(connection: Connection) -> None:
    new = ", require_par, grants, service_scopes, guarded_scopes, jwks"
    for client_id, redirect_uris, values in (
        ("kiosk", [], ", false, '{client_credentials}', '{a.b}', '{}', NULL"),
        ("signer", ["https://signer.example/cb"], ", true, '{}', '{}', '{}', '{\"keys\": []}'"),
    ):
        row = CLIENT.format(more=new, values=values)
        given = {"client_id": client_id, "redirect_uris": redirect_uris}
        connection.execute(text(row.replace("{{}}", "{}")), given)
        token = (
            "INSERT INTO auth_token (id, token_hash, client_id, scope, created_at, expires_at)"
            " VALUES (:id, sha256(:name), :client_id, 'a.b', now(), now())"
        )
        given_token = {"id": new_id(), "name": client_id.encode(), "client_id": client_id}
        connection.execute(text(token), given_token)
    following = KEY.format(more=", active_at", values=", now() + interval '1 day'")
    connection.execute(text(following), {"kid": "second"})
