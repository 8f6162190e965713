"""Staff who sign in with a password and a second factor."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth import passkeys, passwords
from auth.models import Account, SignInSession
from core.access import Role
from tests.factories.auth import PASSWORD, make_account
from tests.factories.passkeys import HERE


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal has a host name that passkeys can be bound to."""
    monkeypatch.setattr(passkeys, "relying_party", lambda: HERE)


def make_staff(session: Session, *, phone: str | None = None) -> Account:
    account = make_account(session, username="zhang", phone=phone, roles={Role.ANALYST: ["990100"]})
    account.password_hash = passwords.hash_password(PASSWORD)
    session.flush()
    return account


def by_name(client: FlaskClient, **more: str) -> TestResponse:
    form = {"username": "zhang", "password": PASSWORD, "next": "/messages/", **more}
    return client.post("/auth/password", data=form)


def opened(session: Session) -> tuple[list[str], int]:
    """How the one session was opened."""
    row = session.execute(select(SignInSession.methods, SignInSession.assurance)).one()
    return row.methods, row.assurance
