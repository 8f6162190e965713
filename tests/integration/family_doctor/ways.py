"""A team with a doctor and a nurse, a resident, and what goes out about them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from auth.models import Account
from directory.models import Team
from notifications.public import SmsGateway
from residents.models import Person
from residents.ports import IdentityVerifier, Verdict
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_basic_pack
from tests.factories.residents import (
    make_resident,
)

BASE = "/api/v1/family-doctor"
Bearer = Callable[[UUID], dict[str, str]]
Crew = tuple[Team, UUID, UUID]


@pytest.fixture
def team(session: Session) -> Crew:
    make_basic_pack(session)
    made = make_team(session, capacity=9)
    session.commit()
    return made


@pytest.fixture
def resident(session: Session) -> tuple[Account, Person]:
    made = make_resident(session)
    session.commit()
    return made


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What goes out by SMS: (phone, text, link)."""
    gone: list[tuple[str, str, str]] = []

    def send(_: SmsGateway, phone: str, text: str, link: str, message_id: UUID) -> None:
        gone.append((phone, text, link))

    monkeypatch.setattr(SmsGateway, "send_message", send)
    return gone


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers that the identity service was asked about; it knows every name but 不符."""
    asked: list[str] = []

    def verify(_: IdentityVerifier, name: str, id_number: str) -> Verdict:
        asked.append(id_number)
        return Verdict.MISMATCH if "不符" in name else Verdict.MATCH

    monkeypatch.setattr(IdentityVerifier, "verify", verify)
    return asked


def apply(client: FlaskClient, headers: dict[str, str], team_id: UUID, **more: str) -> Any:
    body = {"team_id": str(team_id), **more}
    return client.post(f"{BASE}/contracts", json=body, headers=headers)
