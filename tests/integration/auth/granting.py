"""The divisions that roles are given in."""

import pytest

from tests.factories.directory import make_divisions


@pytest.fixture(autouse=True)
def divisions(request: pytest.FixtureRequest) -> None:
    if "committed_database" not in request.fixturenames:
        make_divisions(request.getfixturevalue("session"))
