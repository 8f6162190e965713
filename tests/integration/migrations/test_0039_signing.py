"""A contract from before keeps its text; what was the wording is version 1; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from family_doctor.agreement import first_wording
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
TEXTS = text("SELECT version, body, published_at IS NOT NULL FROM family_doctor_agreement_text")
GROUP = "INSERT INTO service_packs_group (code, name, name_en) VALUES ('T1', '老人', 'Old')"
DRAFT = text(
    "INSERT INTO family_doctor_agreement_text (id, group_code, version, title, body, valid_from,"
    " created_at) VALUES (gen_random_uuid(), :group, :version, '标题', '正文', now(), now())"
)


def test_the_wording_becomes_the_first_version(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0037")
        connection.execute(text(GROUP))
        command.upgrade(config(connection), "0039")
        assert connection.execute(TEXTS).all() == [(1, first_wording(), True)]
        for statement in (
            "UPDATE family_doctor_agreement_text SET title = 'x'",
            "DELETE FROM family_doctor_agreement_text",
        ):
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(text(statement))
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(DRAFT, {"group": None, "version": 1})
        connection.execute(DRAFT, {"group": "T1", "version": 1})
        connection.execute(text("DELETE FROM family_doctor_agreement_text WHERE group_code = 'T1'"))
        command.downgrade(config(connection), "0037")
        assert connection.scalar(text("SELECT count(*) FROM service_packs_group")) == 1
        command.upgrade(config(connection), "0039")
        assert connection.execute(TEXTS).all() == [(1, first_wording(), True)]
