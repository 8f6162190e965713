"""Answers kept for retries before they were encrypted are still given after it, and back."""

from uuid import UUID

import pytest
from alembic import command
from pydantic import BaseModel
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.idempotency import run_once
from core.ids import new_id
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
IN_THE_CLEAR = "SELECT answer FROM core_stored_answer"


class Answer(BaseModel):
    """What was answered."""

    note: str


def test_kept_answers_are_sealed_and_opened(app: object, empty: Engine) -> None:
    account = new_id()
    with empty.begin() as connection:
        command.upgrade(config(connection), "0011")
        connection.execute(
            text(
                "INSERT INTO core_stored_answer (account_id, key, fingerprint, answer, created_at)"
                " VALUES (:account, 'k', sha256('same'), '{\"note\": \"血压偏高\"}', now())"
            ),
            {"account": account},
        )
        command.upgrade(config(connection), "0012")
        sealed = connection.execute(text(IN_THE_CLEAR)).scalar_one()
        assert "血压".encode() not in bytes(sealed)
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            assert _again(session, account) == Answer(note="血压偏高")
        command.downgrade(config(connection), "0011")
        assert connection.execute(text(IN_THE_CLEAR)).scalar_one() == {"note": "血压偏高"}


def _again(session: Session, account: UUID) -> Answer:
    return run_once(session, account, "k", b"same", Answer, lambda: pytest.fail("done twice"))
