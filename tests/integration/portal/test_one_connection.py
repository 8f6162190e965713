"""A request never holds two connections: with a small pool, enough of them would wait forever."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from core.access import Role
from core.database import transaction
from tests.factories.auth import make_account
from tests.factories.directory import CITY, make_institution, make_team
from tests.factories.residents import make_resident


@contextmanager
def held_at_most(engine: Engine) -> Iterator[list[int]]:
    """The highest number of connections out at the same time, as the last element."""
    out: list[int] = [0]
    highest = [0]

    def taken(*_: object) -> None:
        out[0] += 1
        highest[0] = max(highest[0], out[0])

    def returned(*_: object) -> None:
        out[0] -= 1

    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", returned)
    try:
        yield highest
    finally:
        event.remove(engine, "checkout", taken)
        event.remove(engine, "checkin", returned)


@pytest.mark.parametrize(
    ("who", "paths"),
    [
        ("resident", ["/", "/me/", "/packs/", "/packs/mine", "/appointments/", "/messages/",
                      "/family-doctor/", "/family-doctor/mine", "/appointments/bookings"]),
        ("leader", ["/family-doctor/today", "/family-doctor/panel", "/packs/"]),
        ("administrator", ["/admin/", "/admin/institutions/", "/admin/accounts/", "/packs/"]),
    ],
)  # fmt: skip
def test_a_page_takes_one_connection_at_a_time(
    committed_database: Engine,
    signed_in: Callable[[UUID], FlaskClient],
    who: str,
    paths: list[str],
) -> None:
    with transaction() as session:
        institution = make_institution(session)
        _, leader, _ = make_team(session, institution)
        resident, _ = make_resident(session)
        administrator = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
    accounts = {"resident": resident.id, "leader": leader, "administrator": administrator.id}
    browser = signed_in(accounts[who])
    for path in [*paths, f"/institutions/{institution.id}"]:
        with held_at_most(committed_database) as highest:
            answer = browser.get(path)
        assert answer.status_code == 200, path
        assert highest == [1], path
