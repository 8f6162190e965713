"""Applications registered before get a name for their history, and no place; back again too."""

from alembic import command
from sqlalchemy import Engine, text

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]


def test_registered_applications_stay(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0017")
        for name in ("clinic", "scanner"):
            connection.execute(
                text(
                    "INSERT INTO auth_client (client_id, name, redirect_uris, grants, require_par,"
                    " post_logout_redirect_uris, scopes, service_scopes, guarded_scopes, algorithm,"
                    " sector, created_at)"
                    " VALUES (:name, :name, ARRAY['https://a.example/'],"
                    " ARRAY['authorization_code'], false, '{}', ARRAY['openid'], '{}', '{}',"
                    " 'ES256', 'a.example', now())"
                ),
                {"name": name},
            )
        command.upgrade(config(connection), "0018")
        rows = connection.execute(
            text("SELECT id, icon, audience, unit, disabled_at, version FROM auth_client")
        ).all()
        assert len({row.id for row in rows}) == 2
        assert [(row.icon, row.audience) for row in rows] == [("apps", [])] * 2
        assert {(row.unit, row.disabled_at, row.version) for row in rows} == {(None, None, 1)}
        command.downgrade(config(connection), "0017")
        assert connection.scalar(text("SELECT count(*) FROM auth_client")) == 2
