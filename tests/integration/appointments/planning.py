"""Who plans a clinic, at their pages."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core.access import Role
from tests.factories.appointments import Clinic, make_clinic
from tests.factories.auth import make_account
from tests.factories.directory import CITY

Browser = Callable[[UUID], FlaskClient]
HOME = "/appointments/schedule"
DAY = timedelta(days=1)


@pytest.fixture
def clinic(session: Session) -> Clinic:
    return make_clinic(session)


@pytest.fixture
def desk(session: Session, clinic: Clinic, signed_in: Browser) -> FlaskClient:
    unit = str(clinic.institution.id)
    return signed_in(make_account(session, roles={Role.REGISTRAR: [unit]}).id)


@pytest.fixture
def administrator(session: Session, clinic: Clinic, signed_in: Browser) -> FlaskClient:
    return signed_in(make_account(session, roles={Role.ADMINISTRATOR: [CITY]}).id)


def form_of(page: str) -> dict[str, str]:
    """What the fields of a page hold."""
    found = dict(re.findall(r'<input [^>]*name="([^"]+)"[^>]*? value="([^"]*)"', page))
    for name, options in re.findall(r'<select [^>]*name="([^"]+)".*?>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    return found
