"""A region from before has no words yet; one that is loaded anew has; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
WORD = text("INSERT INTO appointments_symptom VALUES ('头痛', :code, 3, false)")


def test_a_word_leads_to_a_specialty_that_there_is(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0021")
        connection.execute(
            text("INSERT INTO directory_specialty (code, name) VALUES ('03', '内科')")
        )
        command.upgrade(config(connection), "0023")
        connection.execute(WORD, {"code": "03"})
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(WORD, {"code": "99"})
        command.downgrade(config(connection), "0021")
        assert connection.scalar(text("SELECT count(*) FROM directory_specialty")) == 1
        command.upgrade(config(connection), "0023")
