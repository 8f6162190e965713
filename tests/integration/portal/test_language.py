"""The language that a link asks for stays, wherever the page leads."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core.access import Role
from tests.factories.auth import make_account
from tests.factories.directory import CITY

STAFF = (Role.ADMINISTRATOR, Role.ANALYST)


@pytest.mark.parametrize("role", STAFF)
def test_staff_keep_the_language_chosen_at_the_front_door(
    session: Session, signed_in: Callable[[UUID], FlaskClient], role: Role
) -> None:
    browser = signed_in(make_account(session, roles={role: [CITY]}).id)
    answer = browser.get("/?lang=en", follow_redirects=True)
    assert len(answer.history) == 1
    assert '<html lang="en"' in answer.text
    assert '<html lang="en"' in browser.get("/", follow_redirects=True).text
    assert '<html lang="zh-CN"' in browser.get("/?lang=zh", follow_redirects=True).text


@pytest.mark.parametrize("path", ["/", "/packs/mine"])
def test_a_stranger_keeps_it_on_the_way_to_sign_in(client: FlaskClient, path: str) -> None:
    client.get(f"{path}?lang=en")
    assert '<html lang="en"' in client.get("/auth/sign-in").text


def test_another_language_or_an_api_call_changes_nothing(client: FlaskClient) -> None:
    client.get("/?lang=en")
    client.get("/?lang=xx")
    client.get("/api/v1/directory/institutions?lang=zh")
    assert '<html lang="en"' in client.get("/auth/sign-in").text
