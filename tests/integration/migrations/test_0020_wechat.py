"""Accounts from before WeChat go on; what the tables promise; and back."""

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from core.ids import new_id
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE = "0013"
INSERT = text(
    "INSERT INTO auth_wechat_identity (id, account_id, app, openid, openid_index, unionid,"
    " unionid_index, created_at) VALUES (:id, :account, :app, 'o', sha256(:openid), 'u',"
    " sha256(:union), now())"
)


def join(connection: Connection, account: object, app: str, openid: bytes, union: bytes) -> None:
    row = {"id": new_id(), "account": account, "app": app, "openid": openid, "union": union}
    with connection.begin_nested():
        connection.execute(INSERT, row)


def test_one_person_is_joined_to_one_account(app: object, empty: Engine) -> None:
    one, two = new_id(), new_id()
    with empty.begin() as connection:
        command.upgrade(config(connection), BEFORE)
        connection.execute(
            text(
                "INSERT INTO auth_account (id, username, display_name, created_at)"
                " VALUES (:one, 'one', '示例', now()), (:two, 'two', '示例', now())"
            ),
            {"one": one, "two": two},
        )
        command.upgrade(config(connection), "0020")
        join(connection, one, "mini_program", b"m1", b"u1")
        join(connection, one, "official_account", b"w1", b"u1")
        for account, app_name, openid, union in (
            (two, "mini_program", b"m1", b"u2"),  # an openid has one account
            (one, "mini_program", b"m2", b"u1"),  # an account has one openid an application
            (two, "mini_program", b"m2", b"u1"),  # a union id has one account
            (two, "pay", b"m3", b"u3"),
        ):
            with pytest.raises(IntegrityError):
                join(connection, account, app_name, openid, union)
        command.downgrade(config(connection), BEFORE)
        assert connection.scalar(text("SELECT count(*) FROM auth_account")) == 2
        command.upgrade(config(connection), "0020")
