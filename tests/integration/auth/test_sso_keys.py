"""Signing keys: published ahead, current, old; rotated by the worker or at the console."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from joserfc.errors import JoseError
from sqlalchemy.orm import Session

from auth.jobs import rotate_signing_keys
from auth.models import Account
from auth.schemas import SigningAlgorithm
from auth.services.signing import signing_key
from core import clock
from core.database import transaction
from tests.factories.sso import RelyingParty, make_client

Browser = Callable[[UUID], FlaskClient]
DUE = timedelta(days=89, hours=1)


def published(client: FlaskClient) -> list[str]:
    return [key["kid"] for key in client.get("/.well-known/jwks.json").get_json()["keys"]]


def test_a_key_is_published_a_day_ahead_and_a_day_behind(
    client: FlaskClient, browser: FlaskClient
) -> None:
    rp = RelyingParty()
    old_token = rp.tokens(client, browser)["id_token"]
    first = published(client)
    rotate_signing_keys()
    assert published(client) == first
    with clock.shifted(DUE):
        rotate_signing_keys()
        rotate_signing_keys()
        both = published(client)
        assert (both[0], len(both)) == (first[0], 2)
    with clock.shifted(DUE + timedelta(hours=23)):
        assert published(client) == both
        assert signer(client) == first[0]
    with clock.shifted(DUE + timedelta(hours=25)):
        assert published(client) == both
        assert signer(client) == both[1]
        assert rp.claims(client, old_token)["sub"]
    with clock.shifted(DUE + timedelta(hours=49)):
        assert published(client) == both[1:]
        rotate_signing_keys()
        assert published(client) == both[1:]
        with pytest.raises(JoseError):
            rp.claims(client, old_token)


def signer(client: FlaskClient) -> str:
    with transaction() as session:
        return str(signing_key(session, SigningAlgorithm.ES256).kid)


def test_operators_see_and_rotate_keys(
    app: APIFlask, client: FlaskClient, session: Session, signed_in: Browser, account: Account
) -> None:
    make_client(session, algorithm="RS256")
    browser, rp = signed_in(account.id), RelyingParty()
    runner = app.test_cli_runner()

    def run(*arguments: str) -> list[list[str]]:
        result = runner.invoke(args=["oidc", "keys", *arguments])
        assert result.exit_code == 0, result.output
        return [line.split() for line in result.output.splitlines()]

    assert [line[:2] for line in run("list")] == [["RS256", "current"]]
    kid = str(run("rotate")[0][-1])
    listed = run("list")
    assert [line[:2] for line in listed] == [["RS256", "current"], ["RS256", "next"]]
    assert listed[1][-1] == kid
    assert run("rotate") == [["The", "next", "keys", "are", "published", "already."]]
    token: Any = rp.tokens(client, browser)["id_token"]
    fresh = str(run("rotate", "--compromised")[0][-1])
    assert [line[-1] for line in run("list")][-1] == fresh
    with pytest.raises(JoseError):
        rp.claims(client, token)
    again = RelyingParty()
    assert again.claims(client, again.tokens(client, browser)["id_token"])["sub"]
