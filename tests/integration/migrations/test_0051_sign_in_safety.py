"""Recoveries that wait for a review become objections again, and no third person stands twice."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
ACCOUNT = text("INSERT INTO auth_account (id, username, display_name, created_at)"
               " VALUES (gen_random_uuid(), :name, :name, now()) RETURNING id")  # fmt: skip
CASE = text(
    "INSERT INTO auth_recovery_case (id, account_id, unit, unit_name, new_phone, state, begun_by,"
    " begun_by_name, confirmed_by, reviewed_by, created_at) VALUES (gen_random_uuid(), :owner, 'u',"
    " 'u', '\\x00', :state, :first, 'a', :second, :third, now())"
)


def test_reviews_come_and_go(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0051")
        names = ("owner", "other", "first", "second", "third")
        ids = {name: connection.scalar(ACCOUNT, {"name": name}) for name in names}
        given = {key: ids[key] for key in ("owner", "first", "second", "third")}
        connection.execute(CASE, {**given, "state": "contested"})
        with pytest.raises(IntegrityError, match="case_open"), connection.begin_nested():
            connection.execute(CASE, {**given, "state": "begun"})
        twice = {**given, "owner": ids["other"], "third": ids["second"], "state": "reviewed"}
        with pytest.raises(IntegrityError, match="third_person"), connection.begin_nested():
            connection.execute(CASE, twice)
        command.downgrade(config(connection), "0050")
        assert connection.scalar(text("SELECT state FROM auth_recovery_case")) == "objected"
