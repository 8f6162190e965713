"""What lists show and what the policy permits, held against each other: for random actors and every
booking, contract, person, record, order, account and administered thing of a small region, one is
listed to an actor exactly where Cedar lets that actor read it.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from apiflask import APIFlask
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.models import Booking
from appointments.queries.bookings import list_own, units_of
from appointments.queries.day_list import list_day
from appointments.schemas import Action as Visit
from appointments.schemas import BookingQuery, DayListQuery, State
from auth.models import Account
from auth.queries.accounts import account_resource, list_accounts, places_of
from auth.schemas import AccountSearch, AccountState
from auth.schemas import Action as AccountAction
from auth.services.accounts import grant_role
from core.access import Actor, Resource, Role, decide
from core.errors import Denied
from directory.models import Department, Institution, Staff, Team
from directory.queries import administration
from directory.resources import (
    department_resource,
    institution_resource,
    staff_resource,
    team_resource,
)
from directory.schemas import Action as Administering
from directory.schemas import (
    ManagedDepartments,
    ManagedInstitutions,
    ManagedStaff,
    ManagedTeams,
)
from family_doctor.models import Contract
from family_doctor.queries.contracts import care_units, contract_resource, list_contracts
from family_doctor.queries.team import list_panel, require_team
from family_doctor.schemas import Action as Signing
from family_doctor.schemas import (
    ConfirmContract,
    ContractSearch,
    EndReason,
    PanelSearch,
    TerminateContract,
)
from family_doctor.services.contracts import (
    accept_contract,
    confirm_contract,
    terminate_contract,
)
from family_doctor.states import State as ContractState
from residents.models import Person
from residents.queries import person_resource
from residents.schemas import Action as Reading
from residents.schemas import PersonSearch
from service_packs.models import Order, ServiceRecord
from service_packs.queries.entitlements import find_people, serving_team
from service_packs.queries.orders import list_orders, order_resource
from service_packs.queries.records import list_records, list_team_records
from service_packs.schemas import Action as Serving
from service_packs.schemas import OrderSearch, RecordSearch, TeamRecordSearch
from tests.factories.appointments import make_booking, make_clinic, make_rule, make_slots
from tests.factories.auth import make_account
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_institution,
    make_team,
)
from tests.factories.family_doctor import (
    actor_of,
    make_basic_pack,
    make_contract,
    make_service_record,
)
from tests.factories.residents import make_resident
from tests.factories.service_packs import make_entitlement, make_pack
from tests.integration.security.world import make_order

SEED = 20_260_105
ACTORS = 30
TRIPLES = 2_000
ALL = 100
NAME = "范围测试"
Triples = Iterator[tuple[str, UUID, bool, bool]]


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
    slots = []
    for township in (TOWNSHIP, OTHER_TOWNSHIP):
        for _ in range(2):
            hospital = make_institution(session, division_code=township)
            make_rule(session, hospital)
            slots += make_slots(session, make_clinic(session, hospital), capacity=9)[:2]
            region.hospitals.append(hospital)
            region.teams.append(make_team(session, hospital)[0])
    region.days = {slot.date for slot in slots}
    make_basic_pack(session)
    pack = make_pack(session)
    for number in range(10):
        township = chance.choice((TOWNSHIP, OTHER_TOWNSHIP))
        _, person = make_resident(session, name=f"{NAME}{number}", division_code=township)
        region.people.append(person)
        make_order(session, person)
        make_booking(session, chance.choice(slots), person.id)
        team = chance.choice(region.teams)
        if number % 3 == 0:
            make_contract(session, person, team, state=ContractState.APPLIED)
            continue
        contract = make_contract(session, person, team)
        make_service_record(session, contract, "T01")
        make_entitlement(session, person.id, pack)
        if number % 3 == 1:
            _change_team(session, contract, chance.choice(region.teams))
    session.flush()
    return region


def _change_team(session: Session, contract: Contract, other: Team) -> None:
    """A person leaves the team and signs with another; what they bought stays theirs."""
    before, after = _leader(session, contract.team_id), _leader(session, other.id)
    terminate_contract(session, before, contract.id, TerminateContract(reason=EndReason.MOVED))
    person = session.get_one(Person, contract.person_id)
    signed = make_contract(session, person, other, state=ContractState.APPLIED)
    accepted = accept_contract(session, after, signed.id)
    assert accepted.agreement_sha256
    consent = ConfirmContract(agreement_sha256=accepted.agreement_sha256, agreed=True)
    resident = Actor(account_id=_account(session, person), person_id=person.id, verified=True)
    confirm_contract(session, resident, signed.id, consent)


def _leader(session: Session, team_id: UUID) -> Actor:
    grants = {Role.LEADER: frozenset({str(team_id)})}
    return Actor(account_id=make_account(session).id, grants=grants)


def _account(session: Session, person: Person) -> UUID:
    return session.scalars(select(Account.id).where(Account.person_id == person.id)).one()


def make_actors(session: Session, chance: random.Random, region: Region) -> list[Actor]:
    """Residents, staff and people who are both, with any rights that can be given."""
    hospitals = [str(hospital.id) for hospital in region.hospitals]
    teams = [str(team.id) for team in region.teams]
    divisions = [CITY, COUNTY, OTHER_COUNTY, TOWNSHIP]
    units = {
        Role.LEADER: teams,
        Role.MEMBER: teams,
        Role.REGISTRAR: hospitals,
        Role.ADMINISTRATOR: [*hospitals, *divisions],
        Role.ANALYST: divisions,
    }
    accounts = list(session.scalars(select(Account.id).where(Account.person_id.is_not(None))))
    for number in range(ACTORS - len(accounts)):
        roles = chance.sample(list(units), chance.randint(0, 2)) if number else []
        given = {role: chance.sample(units[role], chance.randint(1, 2)) for role in roles}
        accounts.append(make_account(session, roles=given).id)
    for account_id in accounts[:4]:  # residents who also work
        role = chance.choice((Role.LEADER, Role.REGISTRAR, Role.ADMINISTRATOR))
        unit = chance.choice(units[role])
        grant_role(session, account_id, role, unit, unit)
    return [actor_of(session, account_id) for account_id in accounts]


def may(actor: Actor, action: str, resource: Resource) -> bool:
    return decide(actor, action, resource)[0]


def listed(read: Callable[[], Any], key: str = "id") -> set[UUID]:
    """The ids on a list; none where it is refused as a whole."""
    try:
        return {getattr(item, key) for item in read().items}
    except Denied:
        return set()


def bookings(session: Session, actor: Actor, region: Region) -> Triples:
    own = listed(lambda: list_own(session, actor, BookingQuery(limit=ALL)))
    desk: set[UUID] = set()
    for hospital in region.hospitals:
        for day in region.days:
            query = DayListQuery(institution_id=hospital.id, date=day, limit=ALL)
            desk |= listed(lambda query=query: list_day(session, actor, query), "booking_id")  # type: ignore[misc]
    for row in session.scalars(select(Booking).where(Booking.state != State.CANCELLED)):
        resource = Resource(
            "Booking", str(row.id), row.person_id, units_of(row.institution_id, row.division_code)
        )
        yield "booking", row.id, row.id in own | desk, may(actor, Visit.READ_BOOKING, resource)


def contracts(session: Session, actor: Actor, region: Region) -> Triples:
    seen = listed(lambda: list_contracts(session, actor, ContractSearch(limit=ALL)))
    for team in region.teams:
        search = ContractSearch(team_id=team.id, limit=ALL)
        seen |= listed(lambda search=search: list_contracts(session, actor, search))  # type: ignore[misc]
    for row in session.scalars(select(Contract)):
        allowed = may(actor, Signing.READ_CONTRACT, contract_resource(row))
        yield "contract", row.id, row.id in seen, allowed


def people(session: Session, actor: Actor, region: Region) -> Triples:
    """A team's panel and its search, against who may read the person."""

    def panel(team_id: UUID) -> Any:
        require_team(session, actor, (), team_id)
        return list_panel(session, team_id, PanelSearch(limit=ALL))

    on_panel: set[UUID] = set()
    for team in region.teams:
        on_panel |= listed(lambda team=team: panel(team.id), "person_id")  # type: ignore[misc]
    found = listed(lambda: find_people(session, actor, PersonSearch(search=NAME, limit=ALL)))
    for person in region.people:
        care = care_units(session, person.id)
        as_team = Actor(account_id=actor.account_id, grants=actor.grants)
        resource = person_resource(person.id, person.division_code, care)
        allowed = may(as_team, Reading.READ_PERSON, resource)
        yield "panel", person.id, person.id in on_panel, allowed
        yield "search", person.id, person.id in found, allowed


def records(session: Session, actor: Actor, region: Region) -> Triples:
    own = listed(lambda: list_records(session, actor, RecordSearch(limit=ALL)))
    teams: set[UUID] = listed(
        lambda: list_team_records(session, actor, TeamRecordSearch(limit=ALL))
    )
    for team in region.teams:
        search = RecordSearch(team_id=team.id, limit=ALL)
        teams |= listed(lambda search=search: list_records(session, actor, search))  # type: ignore[misc]
    for row in session.scalars(select(ServiceRecord)):
        resource = Resource("ServiceRecord", str(row.id), row.person_id, (str(row.team_id),))
        yield "own record", row.id, row.id in own, may(actor, Serving.READ_RECORDS, resource)
        allowed = may(actor, Serving.READ_TEAM_RECORDS, serving_team(row.team_id))
        yield "team record", row.id, row.id in teams, allowed


def orders(session: Session, actor: Actor, region: Region) -> Triples:
    own = listed(lambda: list_orders(session, actor, OrderSearch(limit=ALL)))
    for row in session.scalars(select(Order)):
        allowed = may(actor, Serving.READ_ORDER, order_resource(row.id, row.person_id))
        yield "order", row.id, row.id in own, allowed


def accounts(session: Session, actor: Actor, region: Region) -> Triples:
    search = AccountSearch(state=AccountState.ALL, limit=ALL)
    seen = listed(lambda: list_accounts(session, actor, search))
    for row in session.scalars(select(Account)):
        resource = account_resource(row, places_of(session, row.id))
        yield "account", row.id, row.id in seen, may(actor, AccountAction.READ_ACCOUNT, resource)


def administered(session: Session, actor: Actor, region: Region) -> Triples:
    kinds: list[tuple[Any, Any, Any, Any, Any]] = [
        (Department, Administering.CHANGE_DEPARTMENT, department_resource,
         administration.managed_departments, ManagedDepartments),
        (Staff, Administering.CHANGE_STAFF, staff_resource,
         administration.managed_staff, ManagedStaff),
        (Team, Administering.CHANGE_TEAM, team_resource,
         administration.managed_teams, ManagedTeams),
    ]  # fmt: skip
    search = ManagedInstitutions(limit=ALL)
    seen = listed(lambda: administration.managed_institutions(session, actor, search))
    for row in session.scalars(select(Institution)):
        allowed = may(actor, Administering.CHANGE_INSTITUTION, institution_resource(row))
        yield "institution", row.id, row.id in seen, allowed
    for table, action, resource, read, query in kinds:
        seen = listed(lambda read=read, query=query: read(session, actor, query(limit=ALL)))  # type: ignore[misc]
        for row in session.scalars(select(table)):
            institution = session.get_one(Institution, row.institution_id)
            allowed = may(actor, action, resource(row, institution))
            yield table.__name__, row.id, row.id in seen, allowed


KINDS = (bookings, contracts, people, records, orders, accounts, administered)


def test_lists_and_the_policy_agree(app: APIFlask, session: Session) -> None:
    chance = random.Random(SEED)
    region = make_region(session, chance)
    actors = make_actors(session, chance, region)
    checked, readable, wrong = 0, 0, []
    for actor in actors:
        for kind in KINDS:
            for what, which, seen, allowed in kind(session, actor, region):
                checked += 1
                readable += allowed
                if seen is not allowed:
                    wrong.append((what, which, "listed" if seen else "missing", dict(actor.grants)))
    assert wrong == []
    assert checked >= TRIPLES
    assert readable > checked // 50  # the world is not one in which nobody may do anything
