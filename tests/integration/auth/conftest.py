"""A resident, and their browser at a portal where one application is registered."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from auth.models import Account
from tests.factories.residents import make_resident
from tests.factories.sso import make_client


@pytest.fixture
def account(session: Session) -> Account:
    """A resident with a proved name and a phone."""
    account, _ = make_resident(session)
    return account


@pytest.fixture
def browser(
    session: Session, account: Account, signed_in: Callable[[UUID], FlaskClient]
) -> FlaskClient:
    """Their browser, with a public application registered."""
    make_client(session)
    return signed_in(account.id)
