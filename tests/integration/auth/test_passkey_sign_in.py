"""Passkeys between the password and the session, and at the door."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from auth import passkeys
from auth.claims import Assurance, Method
from auth.models import Account
from tests.factories.auth import make_account
from tests.factories.passkeys import Authenticator
from tests.integration.auth.second_factors import by_name, make_staff, named, opened

__all__ = ["named"]


def test_passkeys_on_the_way_in_and_at_the_door(
    client: FlaskClient, session: Session, named: None
) -> None:
    make_staff(session)
    key = Authenticator()
    by_name(client)
    options = client.post("/auth/set-up/passkey/options").json
    assert options
    form = {"name": "诊室电脑", "credential": key.create(options), "next": "/messages/"}
    shown = client.post("/auth/set-up/passkey", data=form)
    assert shown.text.count("<code>") == 10
    assert opened(session) == ([Method.PASSWORD, Method.PASSKEY], Assurance.PHISHING_RESISTANT)
    client.post("/auth/sign-out")

    options = client.post("/auth/passkey/options").json
    assert options
    assert options["userVerification"] == "required"
    answer = {"credential": key.get(options), "next": "/messages/"}
    assert client.post("/auth/passkey", data=answer).location == "/messages/"
    client.post("/auth/sign-out")
    # Neither the same answer nor the same challenge again.
    assert client.post("/auth/passkey", data=answer).status_code == 422
    assert client.post("/auth/passkey", data={"credential": key.get(options)}).status_code == 422


def test_a_passkey_is_the_second_factor_of_its_account_only(
    client: FlaskClient, session: Session, named: None
) -> None:
    mine, theirs = make_staff(session), make_account(session, username="li")
    keys = {}
    for account in (mine, theirs):
        keys[account.id] = Authenticator()
        _add_passkey(session, account, keys[account.id])
    by_name(client)
    for owner, status in ((theirs, 422), (mine, 302)):
        options = client.post("/auth/second-factor/options").json
        assert options
        form = {"method": "hwk", "credential": keys[owner.id].get(options)}
        assert client.post("/auth/second-factor", data=form).status_code == status


@pytest.mark.parametrize("fault", ["copied", "unverified", "elsewhere", "nonsense", "front door"])
def test_a_bad_passkey_is_refused(
    client: FlaskClient, session: Session, named: None, fault: str
) -> None:
    key = Authenticator()
    _add_passkey(session, make_staff(session), key)
    by_name(client)
    options = client.post("/auth/second-factor/options").json
    assert options
    if fault == "copied":
        key.get(options)
        assert _proof_by(client, key.get(options)) == 302
        by_name(client)
        options = client.post("/auth/second-factor/options").json
        assert options
        key.count = 0
    if fault == "unverified":
        key.flags = 0x01
    if fault == "elsewhere":
        key.party = passkeys.RelyingParty("localhost", "http://localhost.evil.example")
    if fault == "front door":
        options = client.post("/auth/passkey/options").json or {}
    assert _proof_by(client, "{}" if fault == "nonsense" else key.get(options)) == 422


def _proof_by(client: FlaskClient, credential: str) -> int:
    form = {"method": "hwk", "credential": credential}
    return client.post("/auth/second-factor", data=form).status_code


def _add_passkey(session: Session, account: Account, key: Authenticator) -> None:
    from auth.schemas import AddPasskey
    from auth.services import passkeys as services
    from auth.services.sign_in import Origin

    options = services.registration_options(session, account.id)
    command = AddPasskey(name="钥匙", credential=key.create(options))
    services.register(session, account.id, command, Origin(""))


def test_at_a_bare_address_no_passkey_is_offered(client: FlaskClient, session: Session) -> None:
    assert passkeys.RelyingParty.at("http://127.0.0.1:8000") is None
    assert passkeys.RelyingParty.at("https://portal.example") == passkeys.RelyingParty(
        "portal.example", "https://portal.example"
    )
    assert "data-passkey" not in client.get("/auth/sign-in").text
    assert client.post("/auth/passkey/options").status_code == 409
