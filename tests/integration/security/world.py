"""Two of everything, side by side in two counties, so that each can reach for the other's."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.access import Role
from core.ids import new_id
from directory.models import Department, Institution, Staff, Team
from family_doctor.models import Contract
from residents.models import Person
from service_packs.models import Order
from tests.factories.appointments import make_booking, make_clinic, make_rule, make_slots
from tests.factories.auth import make_account
from tests.factories.directory import (
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_institution,
    make_team,
)
from tests.factories.family_doctor import BASIC, make_contract, make_service_record
from tests.factories.residents import make_binding, make_consent, make_person, make_resident


@dataclass(frozen=True)
class Side:
    """One county with all that happens in it; ``ids`` fill the places of addresses."""

    county: str
    resident: Account
    person: Person
    team: Team
    leader: UUID
    nurse: UUID
    registrar: UUID
    administrator: UUID
    analyst: UUID
    security: UUID
    auditor: UUID
    institution: Institution
    department: Department
    doctor: Staff
    contract: Contract
    ids: dict[str, UUID]

    @property
    def accounts(self) -> dict[str, UUID]:
        """The account of each role."""
        return {
            "resident": self.resident.id,
            "leader": self.leader,
            "nurse": self.nurse,
            "registrar": self.registrar,
            "administrator": self.administrator,
            "analyst": self.analyst,
            "security": self.security,
            "auditor": self.auditor,
        }


def make_side(session: Session, county: str, township: str, name: str) -> Side:
    """A county: a hospital with a clinic and a desk, a team, and a resident who uses them all."""
    resident, person = make_resident(session, name=name, division_code=township)
    team, leader, nurse = make_team(session, make_institution(session, division_code=township))
    hospital = make_institution(session, division_code=township)
    make_rule(session, hospital)
    clinic = make_clinic(session, hospital)
    slots = make_slots(session, clinic)
    contract = make_contract(session, person, team)
    ids = {
        "booking": make_booking(session, slots[0], person.id).id,
        "slot": slots[1].id,
        "contract": contract.id,
        "record": make_service_record(session, contract, "T01"),
        "order": make_order(session, person).id,
        "person": person.id,
        "team": team.id,
        "institution": hospital.id,
        "department": clinic.department.id,
        "staff": clinic.doctor.id,
        "account": leader,
        "binding": make_binding(session, person, hospital.id).id,
        "consent": make_consent(session, person, make_person(session, division_code=township)).id,
    }
    return Side(
        county=county,
        resident=resident,
        person=person,
        team=team,
        leader=leader,
        nurse=nurse,
        registrar=make_account(session, roles={Role.REGISTRAR: [str(hospital.id)]}).id,
        administrator=make_account(session, roles={Role.ADMINISTRATOR: [county]}).id,
        analyst=make_account(session, roles={Role.ANALYST: [county]}).id,
        security=make_account(session, roles={Role.SECURITY: [county]}).id,
        auditor=make_account(session, roles={Role.AUDITOR: [county]}).id,
        institution=hospital,
        department=clinic.department,
        doctor=clinic.doctor,
        contract=contract,
        ids=ids,
    )


def make_sides(session: Session) -> tuple[Side, Side]:
    """Two counties."""
    mine = make_side(session, COUNTY, TOWNSHIP, "甲县居民")
    theirs = make_side(session, OTHER_COUNTY, OTHER_TOWNSHIP, "乙县居民")
    session.commit()
    return mine, theirs


def make_order(session: Session, person: Person) -> Order:
    """An order that waits for its payment."""
    now = clock.now()
    order = Order(
        id=new_id(),
        person_id=person.id,
        division_code=person.division_code,
        pack_code=BASIC,
        price_fen=1500,
        public_health_fen=1000,
        insurance_fen=500,
        person_fen=0,
        state="pending_payment",
        created_at=now,
        pay_by=now + timedelta(days=1),
    )
    session.add(order)
    session.flush()
    return order
