"""The whole API as its own description says: whatever fits the description gets an answer that
fits it too, and none is a crash. Requests name real things half of the time, so that they get far.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, checks
from schemathesis.checks import load_all_checks
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks as openapi_checks
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from auth import ports
from core.access import Role
from directory.models import Department
from family_doctor.models import Contract
from family_doctor.states import State
from residents.ports import IdentityVerifier, Verdict
from service_packs.models import Order
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.auth import make_account
from tests.factories.directory import CITY, TOWNSHIP, make_institution, make_team
from tests.factories.family_doctor import make_contract, make_service_record
from tests.factories.payments import stripe_standin
from tests.factories.residents import make_resident
from tests.factories.service_packs import make_pack

EXAMPLES = 15
ROLES = ("resident", "leader", "administrator")
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
Headers = dict[str, str]


@pytest.fixture
def outside(app: APIFlask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The outside parties, all well."""
    monkeypatch.setattr(ports, "_code_sender", lambda *_: None)
    monkeypatch.setattr(IdentityVerifier, "verify", lambda *_: Verdict.MATCH)
    with stripe_standin():
        yield


class World:
    """A small region with one of everything, and who asks."""

    def __init__(self, session: Session) -> None:
        hospital = make_institution(session, bookable=True)
        clinic = make_clinic(session, hospital)
        slots = make_slots(session, clinic)
        account, person = make_resident(session)
        team, leader_id, _ = make_team(session)
        contract = make_contract(session, person, team)
        applicant = make_resident(session)[1]
        application = make_contract(session, applicant, team, state=State.APPLIED)
        administrator = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
        pack = make_pack(session)
        order = make_order(session, account.id, person.id, pack.code)
        session.commit()
        self.askers = {
            "resident": account.id,
            "leader": leader_id,
            "administrator": administrator.id,
        }
        self.known: dict[str, object] = {
            "institution_id": hospital.id,
            "department_id": clinic.department.id,
            "staff_id": clinic.doctor.id,
            "team_id": team.id,
            "person_id": person.id,
            "account_id": leader_id,
            "slot_id": slots[0].id,
            "booking_id": make_booking(session, slots[1], person.id).id,
            "contract_id": contract.id,
        }
