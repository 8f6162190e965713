"""The provider's side, for every test of payments."""

from collections.abc import Iterator

import pytest
from apiflask import APIFlask
from sqlalchemy.orm import Session

from core.access import Actor
from tests.factories.payments import Cashier, stripe_standin
from tests.factories.residents import make_resident


@pytest.fixture
def cashier(app: APIFlask) -> Iterator[Cashier]:
    """The stand-in; its webhooks are dropped, a test delivers them as it likes."""
    with stripe_standin() as standin:
        yield standin


@pytest.fixture
def payer(session: Session) -> Actor:
    """A resident."""
    account, person = make_resident(session)
    return Actor(account_id=account.id, person_id=person.id, verified=True)
