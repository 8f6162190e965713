"""Statements that psycopg sends: in the session's transaction, with the types of the tables."""

from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import (
    Engine,
    LargeBinary,
    Table,
    bindparam,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from auth.models import Account, AuthorizationCode, Token
from core import clock
from core.database import at_once, transaction
from core.ids import new_id
from core.statements import Statement, watching

ACCOUNT, TOKEN = cast(Table, Account.__table__), cast(Table, Token.__table__)
ADD = Statement(
    insert(ACCOUNT), ["id", "username", "display_name", "phone", "version", "created_at"]
)
FIND = Statement(
    select(ACCOUNT.c.username, ACCOUNT.c.phone, func.upper(ACCOUNT.c.username).label("shouted"))
    .where(ACCOUNT.c.id == bindparam("account_id"), ACCOUNT.c.disabled_at.is_(None))
    .limit(1)
)
ISSUE = Statement(
    insert(TOKEN),
    ["id", "token_hash", "account_id", "client_id", "scope", "claims", "created_at", "expires_at"],
)
CLAIMS = Statement(select(TOKEN.c.claims).where(TOKEN.c.account_id == bindparam("account_id")))
RENAME = Statement(update(ACCOUNT).values(display_name=bindparam("name")))


def _account(account_id: UUID, **more: object) -> dict[str, object]:
    name = f"u-{account_id}"
    return {
        "id": account_id, "username": name, "display_name": name, "phone": "13800000000",
        "version": 1, "created_at": clock.now(), **more,
    }  # fmt: skip


def test_values_go_as_the_tables_have_them_and_come_back(session: Session) -> None:
    account_id = new_id()
    ADD.send(session, _account(account_id))
    sealed = session.execute(select(type_coerce(ACCOUNT.c.phone, LargeBinary))).scalar_one()
    found = FIND.first(session, {"account_id": account_id})
    assert found.phone == "13800000000" and found.shouted == f"U-{account_id}".upper()
    assert b"13800000000" not in sealed, "encrypted on the way in"
    assert FIND.first(session, {"account_id": new_id()}) is None
    for number, claims in enumerate([{"userinfo": ["name"]}, None]):
        now = clock.now()
        token = {
            "id": new_id(), "token_hash": bytes([number]), "account_id": account_id,
            "client_id": None, "scope": "openid", "claims": claims, "created_at": now,
            "expires_at": now,
        }  # fmt: skip
        ISSUE.send(session, token)
    rows = CLAIMS.rows(session, {"account_id": account_id})
    assert sorted((row.claims for row in rows), key=str) == [None, {"userinfo": ["name"]}]
    assert session.scalar(select(Account.phone).where(Account.id == account_id)) == found.phone


def test_it_is_part_of_the_sessions_transaction(committed_database: Engine) -> None:
    account_id = new_id()
    with pytest.raises(RuntimeError), transaction() as session:
        ADD.send(session, _account(account_id))
        assert FIND.first(session, {"account_id": account_id}) is not None
        raise RuntimeError
    sent: list[str] = []
    with at_once() as connection, watching(lambda sql, given: sent.append(sql)):
        assert FIND.first(connection, {"account_id": account_id}) is None
    assert len(sent) == 1 and sent[0].startswith("SELECT")


def test_what_fails_is_said_as_the_session_says_it_and_quotes_nothing(session: Session) -> None:
    account_id = new_id()
    ADD.send(session, _account(account_id))
    with pytest.raises(IntegrityError) as twice, session.begin_nested():
        ADD.send(session, _account(account_id))
    with pytest.raises(DataError) as unreadable, session.begin_nested():
        RENAME.send(session, {"name": "a\x00secret"})
    assert "secret" not in str(unreadable.value) and "[parameters" not in str(twice.value)
    assert not session.scalars(select(AuthorizationCode.id)).all(), "the session goes on"
