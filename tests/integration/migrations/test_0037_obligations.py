"""An obligation from before learns when it is recalled and late; what is refused; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0036", "0037"
ID = "00000000-0000-7000-8000-00000000000"
# The contract and what it rests on are beside the point here.
ALONE = "SET LOCAL session_replication_role = 'replica'"
OWED = text(
    "INSERT INTO family_doctor_obligation (id, contract_id, entitlement_id, person_id, team_id,"
    " division_code, item_code, item_name, item_name_en, sequence, times, opens_on, due_on)"
    f" VALUES (:id, '{ID}1', '{ID}2', '{ID}3', '{ID}4', '990102001', 'F01', '随访', '', :n, 2,"
    " :opens, :due)"
)
DATES = text(
    "SELECT opens_on::text, remind_from::text, due_on::text, late_after::text, kind"
    " FROM family_doctor_obligation ORDER BY sequence"
)


def test_windows_are_filled_in(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), BEFORE)
        connection.execute(text(ALONE))
        for n, opens, due in ((1, "2026-01-01", "2026-03-31"), (2, "2026-04-01", "2026-04-03")):
            connection.execute(OWED, {"id": f"{ID}{n + 4}", "n": n, "opens": opens, "due": due})
        command.upgrade(config(connection), AFTER)
        assert [tuple(row) for row in connection.execute(DATES)] == [
            ("2026-01-01", "2026-03-24", "2026-03-31", "2026-03-31", "pack"),
            ("2026-04-01", "2026-04-01", "2026-04-03", "2026-04-03", "pack"),
        ]
        for change in (
            "SET remind_from = due_on + 1",
            "SET late_after = due_on - 1",
            "SET kind = 'norm'",  # a norm's has a slot
            "SET excuse_reason = 'away'",  # without being excused
            "SET done_at = now()",  # by no record
        ):
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(text("UPDATE family_doctor_obligation " + change))
        connection.execute(
            text(
                "UPDATE family_doctor_obligation SET kind = 'norm', slot = 'y1-2'"
                " WHERE sequence = 1"
            )
        )
        command.downgrade(config(connection), BEFORE)
        kept = connection.scalar(text("SELECT count(*) FROM family_doctor_obligation"))
        assert kept == 1  # what only a norm asked for goes
        command.upgrade(config(connection), AFTER)
