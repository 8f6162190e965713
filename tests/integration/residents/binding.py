"""Somebody who asks to act for a child or a ward, and who checks it."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from directory.models import Institution
from residents.schemas import (
    BindChild,
    Evidence,
    Scope,
    Sex,
)
from tests.factories.auth import overseer
from tests.factories.directory import TOWNSHIP, make_institution, make_team
from tests.factories.residents import make_resident

Browser = Callable[[UUID], FlaskClient]
Jobs = Callable[[], int]
NUMBER = "T450000123"


def resident(session: Session, **more: object) -> Actor:
    account, person = make_resident(session, **more)
    return Actor(account_id=account.id, name=person.name, person_id=person.id, verified=True)


def serving(session: Session, division_code: str = TOWNSHIP) -> Institution:
    institution = make_institution(session, division_code=division_code, bookable=False)
    make_team(session, institution)
    return institution


def registrar(session: Session, institution: Institution) -> Actor:
    return overseer(session, Role.REGISTRAR, str(institution.id), name="登记员甲")


def child_of_ten() -> date:
    return clock.today() - timedelta(days=3700)


def request(institution: Institution, **more: object) -> BindChild:
    values: dict[str, object] = {
        "evidence": Evidence.BIRTH_CERTIFICATE,
        "evidence_number": NUMBER,
        "name": "覃小宝",
        "sex": Sex.FEMALE,
        "birth_date": child_of_ten(),
        "institution_id": institution.id,
        "scopes": [Scope.BOOK, Scope.SIGN],
    }
    return BindChild.model_validate(values | more)
