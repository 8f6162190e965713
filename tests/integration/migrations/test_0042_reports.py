"""One newest edition of a report, one number of a scheme, no figure of no rows; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_0031_exchange import INSTITUTION, ORGANISATION
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
TEAM = text(
    "INSERT INTO directory_team (id, institution_id, division_code, name, capacity, introduction,"
    " example, version) SELECT :i, id, division_code, '团队', 1, '', false, 1"
    " FROM directory_institution WHERE id = :i"
)
REPORT = text(
    "INSERT INTO family_doctor_report (id, kind, starts_on, ends_on, team_id, institution_id,"
    " division_code, team_name, edition, made_at, superseded_at, rules, figures, points, total,"
    " digest) SELECT gen_random_uuid(), 'week', '2026-01-05', '2026-01-11', id, institution_id,"
    " division_code, name, :edition, now(), :superseded, 1, '{}', '[]', 0, sha256('')"
    " FROM directory_team"
)
SCHEME = text(
    "INSERT INTO family_doctor_point_scheme (id, division_code, number, valid_from, document,"
    " made_at) SELECT gen_random_uuid(), division_code, 1, now(), '{}', now() FROM directory_team"
)
ROWS = text(
    "INSERT INTO family_doctor_report_rows (report_id, code, ids)"
    " SELECT id, 'signed', '{}' FROM family_doctor_report LIMIT 1"
)


def test_reports_are_kept_once(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0031")
        for statement in ORGANISATION:
            connection.execute(text(statement), {"i": INSTITUTION})
        command.upgrade(config(connection), "0042")
        connection.execute(TEAM, {"i": INSTITUTION})
        connection.execute(REPORT, {"edition": 1, "superseded": "2026-01-13"})
        connection.execute(REPORT, {"edition": 2, "superseded": None})
        connection.execute(SCHEME)
        for refused, values in (
            (REPORT, {"edition": 3, "superseded": None}),
            (SCHEME, {}),
            (ROWS, {}),
        ):
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(refused, values)
        command.downgrade(config(connection), "0039")
        assert connection.scalar(text("SELECT count(*) FROM directory_team")) == 1
        command.upgrade(config(connection), "0042")
