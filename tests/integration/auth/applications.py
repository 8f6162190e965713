"""Administrators of places, and applications that are placed there."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from auth.models import Account, Client
from core.access import Role
from tests.factories.auth import make_account
from tests.factories.directory import CITY, COUNTY, OTHER_COUNTY, make_divisions
from tests.factories.sso import make_client

ADMIN, API = "/admin/applications", "/api/v1/auth/applications"


@pytest.fixture
def region(session: Session) -> Account:
    make_divisions(session)
    return make_account(session, name="市管理员", roles={Role.ADMINISTRATOR: [CITY]})


@pytest.fixture
def county(session: Session, region: Account) -> Account:
    return make_account(session, name="县管理员", roles={Role.ADMINISTRATOR: [COUNTY]})


@pytest.fixture
def neighbour(session: Session, region: Account) -> Account:
    return make_account(session, roles={Role.ADMINISTRATOR: [OTHER_COUNTY]})


def placed(session: Session, client_id: str, **values: Any) -> Client:
    make_client(session, client_id, name=client_id)
    client = session.get_one(Client, client_id)
    for name, value in values.items():
        setattr(client, name, value)
    session.flush()
    return client
