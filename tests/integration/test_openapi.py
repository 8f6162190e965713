"""The whole API as its own description says: whatever fits the description gets an answer that
fits it too, and none is a crash. Half of the requests name real things, so that they get far.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, TypeAlias
from uuid import UUID

import pytest
import schemathesis
from apiflask import APIFlask
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from schemathesis import Case, checks
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks as openapi
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from auth import ports
from core.access import Role
from family_doctor.states import State
from residents.ports import IdentityVerifier, Verdict
from service_packs.models import ServiceRecord
from service_packs.schemas import PlaceOrder
from service_packs.services.orders import place_order
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.audit import make_question
from tests.factories.auth import make_account
from tests.factories.directory import CITY, TOWNSHIP, make_team
from tests.factories.family_doctor import actor_of, make_contract, make_service_record
from tests.factories.payments import stripe_standin
from tests.factories.residents import make_resident
from tests.factories.service_packs import make_pack

EXAMPLES = 6
# To be dealt to the workers. Making up requests takes longer than answering them, so all roles
# send the same.
PARTS = 2
# Of each role in each part, else the requests would prove little, however well refused.
EXPECTED_SUCCESSES = 60
# Why `core.web.access` refuses who has none of a view's roles.
AT_THE_DOOR = "role_required"
CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
]
Headers: TypeAlias = dict[str, str]
Request: TypeAlias = "Case[Any]"
Operation: TypeAlias = "APIOperation[Any, Any, Any, Any]"


class World:
    """A small region with one of everything: who asks, and the names of what they can ask for."""

    def __init__(self, session: Session) -> None:
        clinic = make_clinic(session)
        slots = make_slots(session, clinic)
        resident, person = make_resident(session)
        team, leader_id, nurse_id = make_team(session)
        contract = make_contract(session, person, team)
        applicant = make_resident(session)[1]
        application = make_contract(session, applicant, team, state=State.APPLIED)
        record_id = make_service_record(session, contract, "T02")
        administrator = make_account(session, roles={Role.ADMINISTRATOR: [CITY]})
        auditor = make_account(session, roles={Role.AUDITOR: [CITY]})
        registrar = make_account(session, roles={Role.REGISTRAR: [CITY]})
        event_id, question_id = make_question(session, leader_id, resident)
        pack = make_pack(session)
        order = place_order(
            session, actor_of(session, resident.id), PlaceOrder(pack_code=pack.code)
        )
        self.askers = {
            "resident": resident.id,
            "leader": leader_id,
            "registrar": registrar.id,
            "administrator": administrator.id,
            "auditor": auditor.id,
        }
        self.known: dict[str, Any] = {
            "institution_id": clinic.institution.id,
            "department_id": clinic.department.id,
            "staff_id": clinic.doctor.id,
            "leader_id": clinic.doctor.id,
            "team_id": team.id,
            "account_id": nurse_id,
            "person_id": person.id,
            "slot_id": slots[0].id,
            "booking_id": make_booking(session, slots[1], person.id).id,
            "contract_id": contract.id,
            "record_id": record_id,
            "entitlement_item_id": session.get_one(ServiceRecord, record_id).entitlement_item_id,
            "order_id": order.id,
            "pack_code": pack.code,
            "specialty_code": "03",
            "division": TOWNSHIP,
            "division_code": TOWNSHIP,
            "unit": TOWNSHIP,
            "version": 1,
            "event_id": event_id,
            "question_id": question_id,
        }
        # The same name means another thing there.
        self.known_at: dict[str, dict[str, Any]] = {
            "/divisions/": {"code": TOWNSHIP},
            "/packs/": {"code": pack.code},
            "/indicators/": {"code": "HR01"},
            "/accept": {"contract_id": application.id},
            "/reject": {"contract_id": application.id},
        }
        session.commit()

    def name_real_things(self, case: Request) -> None:
        """Put what exists in place of what was made up."""
        known = dict(self.known)
        for part_of_path, things in self.known_at.items():
            known |= things if part_of_path in case.path else {}
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict):
                for name in part.keys() & known.keys():
                    value = known[name]
                    part[name] = str(value) if isinstance(value, UUID) else value


@pytest.fixture
def world(app: APIFlask, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The region, with the outside parties well."""
    monkeypatch.setattr(ports, "_code_sender", lambda *_: None)
    monkeypatch.setattr(IdentityVerifier, "verify", lambda *_: Verdict.MATCH)
    with stripe_standin():
        yield World(session)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_answer_is_as_described(
    part: int,
    app: APIFlask,
    world: World,
    connection: Connection,
    bearer: Callable[[UUID], Headers],
    subtests: pytest.Subtests,
) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    askers = {role: bearer(account_id) for role, account_id in world.askers.items()}
    successes: Counter[str] = Counter()
    for found in list(schema.get_all_operations())[part::PARTS]:
        operation: Operation = found.ok()  # type: ignore[union-attr]  # raises where it is none
        with subtests.test(operation.label):
            successes += ask(operation, world, askers, connection)
    assert min(successes[role] for role in askers) > EXPECTED_SUCCESSES


def ask(
    operation: Operation, world: World, askers: dict[str, Headers], connection: Connection
) -> Counter[str]:
    """Try an operation in several ways, each as everybody; what a try changed is undone. Whom the
    door refuses, without a look at the request, tries no further way. Gives the successes by role.
    """
    successes: Counter[str] = Counter()
    refused: set[str] = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), real=st.booleans())
    def attempt(case: Request, real: bool) -> None:
        if real:
            world.name_real_things(case)
        for role in [role for role in askers if role not in refused]:
            note(f"asked by the {role}")
            with connection.begin_nested() as undone:
                answer = case.call_and_validate(headers=askers[role], checks=CHECKS)
                undone.rollback()
            successes[role] += answer.status_code == HTTPStatus.OK
            denied = answer.status_code == HTTPStatus.FORBIDDEN
            if denied and answer.json()["reason"] == AT_THE_DOOR:
                refused.add(role)

    attempt()
    return successes
