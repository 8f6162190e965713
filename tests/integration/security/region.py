"""A small region in which things happen, and all kinds of people who may reach for them."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Slot
from appointments.schemas import State as VisitState
from audit.models import Question
from audit.schemas import QuestionState
from auth.models import Account, Client, Consent, RecoveryCase
from auth.queries.accounts import SUBJECT
from auth.recovery import OPEN
from auth.recovery import State as RecoveryState
from auth.services.accounts import add_grant, end_grants
from core import clock, history
from core.access import NOBODY, Actor, Role
from core.errors import Conflict
from core.ids import new_id
from core.roles import DUTIES, GRANTED_ROLES
from directory.models import Department, Institution, Staff, Team
from directory.schemas import Kind
from family_doctor.models import Contract
from family_doctor.schemas import ConfirmContract, EndReason, TerminateContract
from family_doctor.services.contracts import accept_contract, confirm_contract, terminate_contract
from family_doctor.states import State
from notifications.public import notify
from residents.models import Person
from tests.factories.appointments import (
    make_booking,
    make_clinic,
    make_rule,
    make_slots,
    make_suspension,
    make_wait,
)
from tests.factories.audit import make_event, make_question
from tests.factories.auth import actor_for, make_account, make_phone
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_institution,
    make_staff,
    make_team,
)
from tests.factories.family_doctor import (
    days_ago,
    make_basic_pack,
    make_contract,
    make_service_record,
)
from tests.factories.referrals import make_referral
from tests.factories.residents import make_binding, make_consent, make_resident
from tests.factories.service_packs import make_entitlement, make_pack
from tests.factories.signing import STROKES, keep_own_signature
from tests.factories.sso import make_client
from tests.integration.security.world import make_order

NAME = "范围测试"
APPLICATIONS = ("clinic", "pharmacy")
OPERATOR = Actor(NOBODY, name="console")
DAY = timedelta(days=1)


@dataclass
class Region:
    """The things that are reached for."""

    people: list[Person] = field(default_factory=list)
    hospitals: list[Institution] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    days: set[date] = field(default_factory=set)


def make_region(session: Session, chance: random.Random) -> Region:
    """Two counties with hospitals, teams, and people of whom some have changed their team."""
    region = Region()
    slots, past = [], []
    yesterday = clock.today() - DAY
    for township in (TOWNSHIP, OTHER_TOWNSHIP):
        for _ in range(2):
            hospital = make_institution(session, division_code=township)
            make_rule(session, hospital)
            slots += make_slots(session, make_clinic(session, hospital), capacity=9)[:2]
            past += make_slots(session, make_clinic(session, hospital), day=yesterday, capacity=9)[
                :1
            ]
            region.hospitals.append(hospital)
            region.teams.append(make_team(session, hospital)[0])
    region.days = {slot.date for slot in (*slots, *past)}
    make_basic_pack(session)
    pack = make_pack(session)
    for number in range(10):
        township = chance.choice((TOWNSHIP, OTHER_TOWNSHIP))
        _, person = make_resident(session, name=f"{NAME}{number}", division_code=township)
        region.people.append(person)
        make_order(session, person)
        make_booking(session, chance.choice(slots), person.id)
        make_wait(session, chance.choice(slots), person.id, _account(session, person))
        missed = VisitState.NO_SHOW if number % 2 else VisitState.BOOKED
        make_booking(session, chance.choice(past), person.id, state=missed)
        make_suspension(
            session, chance.choice(region.hospitals), person.id, appealed_at=clock.now()
        )
        team = chance.choice(region.teams)
        if number % 3 == 0:
            make_contract(session, person, team, state=State.APPLIED)
            continue
        contract = make_contract(session, person, team, starts_on=days_ago(200))
        make_service_record(session, contract, "T01")
        make_entitlement(session, person.id, pack)
        if number % 3 == 1:
            _change_team(session, contract, chance.choice(region.teams))
    _refer(session, chance, region, slots)
    _tell_and_share(session, chance, region)
    _trust(session, chance, region)
    _lose_phones(session, chance, region)
    _place_applications(session, chance, region)
    session.flush()
    return region


def _refer(session: Session, chance: random.Random, region: Region, slots: list[Slot]) -> None:
    """A referral up and one down for each person, from and to anywhere."""
    for person in region.people:
        slot, team = chance.choice(slots), chance.choice(region.teams)
        make_referral(session, person, slot, team)
        receiver = chance.choice((None, team))
        make_referral(session, person, slot, team, down=True, to_team=receiver)


def _tell_and_share(session: Session, chance: random.Random, region: Region) -> None:
    """Messages, and applications that know who somebody is."""
    for client_id in APPLICATIONS:
        make_client(session, client_id)
    for person in region.people:
        notify(session, person.id, "", {}, "/")
        account_id = _account(session, person)
        for client_id in chance.sample(APPLICATIONS, chance.randint(0, 2)):
            session.add(Consent(account_id=account_id, client_id=client_id, scope="openid"))


def _trust(session: Session, chance: random.Random, region: Region) -> None:
    """Some let others act for them, and some no longer do."""
    for person, other in zip(region.people, [*region.people[3:], *region.people[:3]], strict=True):
        consent = make_consent(session, person, other)
        if chance.random() < 1 / 3:
            consent.ended_at, consent.ended_by = clock.now(), "person"
        hospital = chance.choice(region.hospitals)
        make_binding(session, person, hospital.id)
        make_binding(session, other, hospital.id, state="withdrawn")


def _lose_phones(session: Session, chance: random.Random, region: Region) -> None:
    """For each person a recovery that is under way and one that is over, at any hospital."""
    clerk = make_account(session)
    for person in region.people:
        for states in (OPEN, set(RecoveryState) - OPEN):
            hospital = chance.choice(region.hospitals)
            case = RecoveryCase(
                account_id=_account(session, person),
                unit=str(hospital.id),
                unit_name=hospital.name,
                new_phone=make_phone(),
                state=chance.choice(sorted(states)),
                begun_by=clerk.id,
                begun_by_name=clerk.display_name,
            )
            session.add(case)


def _place_applications(session: Session, chance: random.Random, region: Region) -> None:
    """Applications all over the region, some of them disabled; those of APPLICATIONS have no
    place.
    """
    hospitals = [str(hospital.id) for hospital in region.hospitals]
    for unit in (CITY, COUNTY, OTHER_COUNTY, TOWNSHIP, OTHER_TOWNSHIP, *hospitals):
        make_client(session, f"of-{unit}")
        client = session.get_one(Client, f"of-{unit}")
        client.unit = unit
        client.disabled_at = chance.choice((None, clock.now()))


def _change_team(session: Session, contract: Contract, other: Team) -> None:
    """A person leaves the team and signs with another; what they bought stays theirs."""
    before, after = _leader(session, contract.team_id), _leader(session, other.id)
    terminate_contract(session, before, contract.id, TerminateContract(reason=EndReason.MOVED))
    person = session.get_one(Person, contract.person_id)
    signed = make_contract(session, person, other, state=State.APPLIED)
    accepted = accept_contract(session, after, signed.id)
    assert accepted.agreement_sha256
    consent = ConfirmContract(
        agreement_sha256=accepted.agreement_sha256, agreed=True, strokes=STROKES
    )
    resident = Actor(account_id=_account(session, person), person_id=person.id, verified=True)
    confirm_contract(session, resident, signed.id, consent)


def _leader(session: Session, team_id: UUID) -> Actor:
    grants = {Role.LEADER: frozenset({str(team_id)})}
    account_id = make_account(session).id
    keep_own_signature(session, account_id)
    return Actor(account_id=account_id, grants=grants)


def _account(session: Session, person: Person) -> UUID:
    return session.scalars(select(Account.id).where(Account.person_id == person.id)).one()


def make_actors(session: Session, chance: random.Random, region: Region, count: int) -> list[Actor]:
    """Residents, staff and people who are both, with any rights that can be given, some of which
    are over, taken back or yet to begin.
    """
    hospitals = [str(hospital.id) for hospital in region.hospitals]
    teams = [str(team.id) for team in region.teams]
    divisions = [CITY, COUNTY, OTHER_COUNTY, TOWNSHIP]
    units = {duty: [*hospitals, *divisions] for duty in DUTIES} | {
        Role.LEADER: teams,
        Role.MEMBER: teams,
        Role.REGISTRAR: [*hospitals, COUNTY],
        Role.ANALYST: divisions,
    }
    accounts = list(session.scalars(select(Account.id).where(Account.person_id.is_not(None))))
    workers = accounts[:5]  # residents who also work
    made = (make_account(session, name=f"{NAME}员{n}").id for n in range(count - len(accounts)))
    for number, account_id in enumerate([*workers, *made]):
        for role in chance.sample(GRANTED_ROLES, chance.randint(0, 2) if number else 0):
            for unit in chance.sample(units[role], chance.randint(1, 2)):
                _give(session, chance, account_id, role, unit)
        if number % 5 == 1:
            make_staff(session, chance.choice(region.hospitals), account_id=account_id)
        accounts.append(account_id)
    _record_changes(session, accounts)
    _look_at_data(session, chance, region, accounts)
    _move_house(chance, region)
    session.flush()
    return [actor_for(session, account_id) for account_id in dict.fromkeys(accounts)]


def _give(session: Session, chance: random.Random, account_id: UUID, role: Role, unit: str) -> None:
    now = clock.now()
    always, over, coming = (now, None), (now - 2 * DAY, now - DAY), (now + DAY, None)
    period = chance.choice((always, always, always, (now, now + DAY), over, coming))
    try:
        add_grant(session, account_id, role, unit, unit, period=period)
    except Conflict:
        return  # a second duty
    if chance.random() < 1 / 5:
        end_grants(session, [unit], account_id=account_id, roles=[role])


def _record_changes(session: Session, accounts: list[UUID]) -> None:
    """One entry in the history of everything that is administered."""
    tables = {
        Kind.INSTITUTION: Institution,
        Kind.DEPARTMENT: Department,
        Kind.STAFF: Staff,
        Kind.TEAM: Team,
    }
    for kind, table in tables.items():
        for row in session.scalars(select(table)):
            history.note_creation(session, OPERATOR, kind, row, {"name": "名"})
    for account_id in accounts:
        account = session.get_one(Account, account_id)
        history.note_creation(session, OPERATOR, SUBJECT, account, {"display_name": "名"})


def _look_at_data(
    session: Session, chance: random.Random, region: Region, accounts: list[UUID]
) -> None:
    """Looks by anybody, also by nobody who was signed in or is known, at people and at what is
    nobody's; whoever was looked at by others asks why.
    """
    for account_id in (None, new_id(), *chance.sample(accounts, len(accounts) // 2)):
        if chance.random() < 1 / 5:
            make_event(session, account_id)
            continue
        person = chance.choice(region.people)
        resident = session.get_one(Account, _account(session, person))
        if account_id == resident.id:
            make_event(session, account_id, person.id)
            continue
        _, question_id = make_question(session, account_id, resident)
        question = session.get_one(Question, question_id)
        question.state = chance.choice(list(QuestionState))
        question.answer = None if question.state == QuestionState.OPEN else "已核对。"


def _move_house(chance: random.Random, region: Region) -> None:
    """Some people live elsewhere than when things happened to them."""
    for person in chance.sample(region.people, 3):
        person.division_code = OTHER_TOWNSHIP if person.division_code == TOWNSHIP else TOWNSHIP
