"""Who cares for whom, and the provider's side of payments."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy.orm import Session

from residents import ports
from tests.factories.payments import Cashier, stripe_standin
from tests.factories.service_packs import Served, make_served


@pytest.fixture
def care(app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> dict[UUID, tuple[str, ...]]:
    """Person → the units that care for them; stands in for the contracts of the room above."""
    units: dict[UUID, tuple[str, ...]] = {}
    monkeypatch.setattr(ports, "_care_units", lambda session, person_id: units.get(person_id, ()))
    return units


@pytest.fixture
def served(session: Session, care: dict[UUID, tuple[str, ...]]) -> Served:
    """A resident under contract, and the team."""
    return make_served(session, care)


@pytest.fixture
def cashier(app: APIFlask) -> Iterator[Cashier]:
    """The stand-in; its webhooks are dropped, a test delivers them as it likes."""
    with stripe_standin() as standin:
        yield standin
