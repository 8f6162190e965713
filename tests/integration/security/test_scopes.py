"""What lists show and what the policy permits, held against each other: for random actors and every
thing of a small region, one is listed to an actor exactly where Cedar lets that actor read it.
"""

import inspect
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages
from typing import Any
from uuid import UUID

from apiflask import APIFlask
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from appointments.models import Booking, Referral
from appointments.queries.bookings import list_bookings, units_of
from appointments.queries.day_list import desk_institutions, list_day
from appointments.queries.desk import find_patients
from appointments.queries.referrals import (
    list_own_referrals,
    list_referrals,
    received_by,
    referral_resource,
    sent_by,
)
from appointments.schemas import Action as Visit
from appointments.schemas import (
    BookingQuery,
    DayListQuery,
    DeskAction,
    FindPatient,
    Folder,
    ReferralAction,
    ReferralQuery,
)
from appointments.schemas import State as BookingState
from auth.models import Account, Consent, RoleGrant
from auth.organisation import Unit, organisation
from auth.queries.accounts import (
    account_resource,
    holder,
    list_accounts,
    service_of,
    units_to_grant,
)
from auth.queries.grants import in_force
from auth.queries.permissions import holders
from auth.queries.sso import list_applications
from auth.schemas import GIVEN_ROLES, AccountSearch, AccountState, SsoAction
from auth.schemas import Action as AccountAction
from auth.schemas.permissions import HolderSearch
from auth.services.grants import UNIT_KINDS
from auth.web.admin import roles_to_give
from core.access import Actor, Resource, Role, book
from core.errors import Denied
from core.history import list_changes
from core.models import ChangeRecord
from core.paging import Page, PageQuery
from directory.models import Department, Division, Institution, Staff, Team
from directory.public import list_institutions
from directory.queries import administration, unit_path
from directory.queries.overview import changed_within
from directory.resources import (
    department_resource,
    institution_resource,
    staff_resource,
    team_resource,
)
from directory.schemas import Action as Administering
from directory.schemas import (
    InstitutionSearch,
    ManagedDepartments,
    ManagedInstitutions,
    ManagedStaff,
    ManagedTeams,
)
from family_doctor.models import Contract
from family_doctor.queries.contracts import care_units, contract_resource, list_contracts
from family_doctor.queries.team import list_applications as list_signing_applications
from family_doctor.queries.team import list_panel, list_work, require_team, teams_worked_in
from family_doctor.schemas import Action as Signing
from family_doctor.schemas import ContractSearch, PanelSearch, WorkSearch
from family_doctor.states import State as ContractState
from gov_stats.queries import Places
from gov_stats.schemas import Action as Figures
from notifications.models import Message
from notifications.queries import list_messages
from portal.factory import ROOM_NAMES
from residents.models import Representation
from residents.queries import (
    consent_resource,
    family_of,
    list_consents,
    person_resource,
    representatives_of,
)
from residents.schemas import Action as Reading
from residents.schemas import ConsentAction, PersonSearch
from service_packs.models import Entitlement, Order, ServiceRecord
from service_packs.queries.entitlements import (
    entitled,
    find_people,
    list_entitlements,
    serving_team,
)
from service_packs.queries.entitlements import in_force as entitlement_in_force
from service_packs.queries.orders import list_orders, order_resource
from service_packs.queries.records import list_records, list_team_records
from service_packs.schemas import Action as Serving
from service_packs.schemas import EntitlementSearch, OrderSearch, RecordSearch, TeamRecordSearch
from tests.integration.security.conduct import reviews as reviews_of_conduct
from tests.integration.security.day import queues
from tests.integration.security.exchange import exchange
from tests.integration.security.listing import Key, Listing, pages
from tests.integration.security.oversight import applications, events, questions, recoveries
from tests.integration.security.planning import planned
from tests.integration.security.region import NAME, Region, make_actors, make_region
from tests.integration.security.reviews import reviews, waiting

SEED = 20_260_105
ACTORS = 70
TRIPLES = 20_000
# Of one thing that the actor was asked for before: what is listed hangs on no further scope.
OF_ONE_THING = {
    "account_history",
    "application_history",
    "history_of",
    "list_appeals_of",
    "list_day_of",
    "list_exceptions_of",
    "list_exchange_day",
    "list_obligations",
    "list_templates_of",
    "list_visits_of",
    "upstream_history",
}


def care(session: Session, region: Region) -> list[Listing]:
    """What teams and their residents see of contracts, people and work."""

    def contracts(actor: Actor) -> Iterator[UUID]:
        for team_id in (None, *(team.id for team in region.teams)):
            search = ContractSearch(team_id=team_id)
            yield from (
                row.id for row in pages(lambda page: list_contracts(session, actor, page), search)
            )

    def of_teams(read: Callable[..., Page[Any]], search: PageQuery, key: str) -> Any:
        def shown(actor: Actor) -> Iterator[UUID]:
            for team in region.teams:
                try:
                    require_team(session, actor, (), team.id)
                except Denied:
                    continue
                found = pages(lambda page, team=team: read(session, team.id, page), search)  # type: ignore[misc]
                yield from (getattr(row, key) for row in found)

        return shown

    def panels(actor: Actor) -> Iterator[UUID]:
        return (team.id for team in teams_worked_in(session, actor))

    rows = {row.id: row for row in session.scalars(select(Contract))}
    things = {row_id: contract_resource(row) for row_id, row in rows.items()}
    applied = {i: t for i, t in things.items() if rows[i].state == ContractState.APPLIED}
    people = {
        person.id: person_resource(person.id, person.division_code, care_units(session, person.id))
        for person in region.people
    }
    work = {
        item.obligation_id: things[item.contract_id]
        for team in region.teams
        for item in pages(
            lambda page, team=team: list_work(session, team.id, page),  # type: ignore[misc]
            WorkSearch(),
        )
    }
    teams = {
        team.id: Resource("Panel", str(team.id), None, unit_path(session, str(team.id)))
        for team in region.teams
    }
    found = PersonSearch(search=NAME)
    read, page = Signing.READ_CONTRACT, PageQuery()
    return [
        Listing("contracts", contracts, things, read),
        Listing("applications to a team", of_teams(list_signing_applications, page, "contract_id"),
                applied, read, as_staff=True),
        Listing("panel", of_teams(list_panel, PanelSearch(), "person_id"),
                people, Reading.READ_PERSON, as_staff=True),
        Listing("work", of_teams(list_work, WorkSearch(), "obligation_id"),
                work, read, as_staff=True),
        Listing("teams worked in", panels, teams, Signing.READ_PANEL),
        Listing("people found", lambda actor: (
            person.id for person in pages(lambda p: find_people(session, actor, p), found)),
            people, Reading.READ_PERSON, as_staff=True),
    ]  # fmt: skip


def visits(session: Session, region: Region) -> list[Listing]:
    """What residents and desks see of bookings."""

    def bookings(actor: Actor) -> Iterator[UUID]:
        own = pages(lambda page: list_bookings(session, actor, page), BookingQuery())
        yield from (booking.id for booking in own)
        for person_id in sorted(patients):
            with suppress(Denied):
                yield from (
                    booking.id
                    for booking in list_bookings(
                        session, actor, BookingQuery(person_id=person_id)
                    ).items
                )
        for hospital in region.hospitals:
            for day in region.days:
                query = DayListQuery(institution_id=hospital.id, date=day)
                desk = pages(lambda page: list_day(session, actor, page), query)
                yield from (row.booking_id for row in desk)

    desks = {
        hospital.id: Resource("DayList", "", units=units_of(hospital.id, hospital.division_code))
        for hospital in session.scalars(select(Institution).where(Institution.bookable))
    }
    live = session.scalars(select(Booking).where(Booking.state != BookingState.CANCELLED)).all()
    patients = {row.person_id for row in live}
    circles = {
        person_id: {
            "kin": sorted(map(str, representatives_of(session, person_id))),
            "care": sorted(care_units(session, person_id)),
        }
        for person_id in patients
    }
    things = {
        row.id: Resource(
            "Booking",
            str(row.id),
            row.person_id,
            units_of(row.institution_id, row.division_code),
            circles[row.person_id],
        )
        for row in live
    }
    return [
        Listing("bookings", bookings, things, Visit.READ_BOOKING),
        Listing("desks", lambda actor: (
            desk.id for desk in desk_institutions(session, actor)), desks, Visit.READ_DAY_LIST),
    ]  # fmt: skip


def handovers(session: Session, region: Region) -> list[Listing]:
    """What both sides and the patients see of referrals."""

    def lists(actor: Actor) -> Iterator[UUID]:
        for folder in Folder:
            query = ReferralQuery(folder=folder)
            found = pages(lambda page: list_referrals(session, actor, page), query)
            yield from (row.id for row in found)
        own = pages(lambda page: list_own_referrals(session, actor, page), PageQuery())
        yield from (row.id for row in own)

    def waiting(actor: Actor) -> Iterator[UUID]:
        ours = or_(received_by(actor), sent_by(actor))
        yield from session.scalars(select(Referral.id).where(ours))

    rows = list(session.scalars(select(Referral)))
    things = {
        row.id: referral_resource(row, sorted(map(str, representatives_of(session, row.person_id))))
        for row in rows
    }
    return [
        Listing("referrals", lists, things, ReferralAction.READ),
        Listing("referrals counted", waiting, things, ReferralAction.READ_CLINICAL, as_staff=True),
    ]


def services(session: Session, region: Region) -> list[Listing]:
    """What residents and teams see of orders, entitlements and records."""

    def entitlements(actor: Actor) -> Iterator[UUID]:
        for person in region.people:
            search = EntitlementSearch(person_id=person.id)
            found = pages(lambda page: list_entitlements(session, actor, page), search)
            yield from (row.id for row in found)

    def team_records(actor: Actor) -> Iterator[UUID]:
        found = pages(lambda page: list_team_records(session, actor, page), TeamRecordSearch())
        yield from (row.id for row in found)
        for team in region.teams:
            search = RecordSearch(team_id=team.id)
            found = pages(lambda page: list_records(session, actor, page), search)
            yield from (row.id for row in found)

    records = list(session.scalars(select(ServiceRecord)))
    of_teams = {row.id: serving_team(row.team_id) for row in records}
    of_people = {
        row.id: Resource("ServiceRecord", str(row.id), row.person_id, (str(row.team_id),))
        for row in records
    }
    orders = {
        row.id: order_resource(row.id, row.person_id) for row in session.scalars(select(Order))
    }
    given = {
        row.id: entitled(session, row.person_id)
        for row in session.scalars(select(Entitlement).where(entitlement_in_force()))
    }
    return [
        Listing("own records", lambda actor: (row.id for row in pages(
            lambda page: list_records(session, actor, page), RecordSearch())),
            of_people, Serving.READ_RECORDS),
        Listing("team records", team_records, of_teams, Serving.READ_TEAM_RECORDS),
        Listing("orders", lambda actor: (row.id for row in pages(
            lambda page: list_orders(session, actor, page), OrderSearch())),
            orders, Serving.READ_ORDER),
        Listing("entitlements", entitlements, given, Serving.READ_ENTITLEMENTS),
    ]  # fmt: skip


def rights(session: Session, region: Region) -> list[Listing]:
    """What those who look after accounts see of them, and may give."""
    everywhere = AccountSearch(state=AccountState.ALL)
    things = {
        row.id: account_resource(row, service_of(session, row.id))
        for row in session.scalars(select(Account))
    }
    shared = {
        (row.account_id, row.client_id): Resource(
            "Application", row.client_id, more={"holder": holder(row.account_id)}
        )
        for row in session.scalars(select(Consent))
    }
    return [
        Listing("accounts", lambda actor: (row.id for row in pages(
            lambda page: list_accounts(session, actor, page), everywhere)),
            things, AccountAction.READ_ACCOUNT),
        Listing("applications", lambda actor: (
            (actor.account_id, row.client_id) for row in list_applications(session, actor)),
            shared, SsoAction.WITHDRAW),
        *(_holders(session, action) for action in
          ("gov_stats:read", "directory:create-institution", "appointments:read-day-list")),
        *(_units(session, role) for role in GIVEN_ROLES),
    ]  # fmt: skip


def _holders(session: Session, action: str) -> Listing:
    """Who has a permission, to whoever looks after the unit that it is held on."""
    grants = select(RoleGrant).where(in_force())
    things = {
        (grant.account_id, grant.role, grant.unit): Resource(
            "Responsibility", "", units=unit_path(session, grant.unit)
        )
        for grant in session.scalars(grants)
        if any(policy.counts(Role(grant.role), grant.unit) for policy in book().permitting(action))
    }

    def shown(actor: Actor) -> Iterator[Key]:
        found = pages(lambda page: holders(session, actor, action, page)[1], HolderSearch())
        yield from ((row.account_id, row.role, row.unit) for row in found)

    return Listing(f"holders of {action}", shown, things, AccountAction.READ_PERMISSIONS)


def _units(session: Session, role: Role) -> Listing:
    """Where a role could be given, to a person who is nobody's yet."""
    found: list[Unit] = []
    codes = [
        *session.scalars(select(Division.code)),
        *map(str, session.scalars(select(Institution.id))),
    ]
    for unit in organisation().units_by_code(session, codes).values():
        if unit.kind in UNIT_KINDS[role]:
            found.append(unit)
    more = {"holder": holder(), "role": str(role)}
    things = {unit.code: Resource("RoleHolding", "", units=unit.path, more=more) for unit in found}

    def shown(actor: Actor) -> Iterator[str]:
        if role in roles_to_give(actor):
            for unit in units_to_grant(session, actor, UNIT_KINDS[role], None):
                yield unit.code

    return Listing(f"units for {role}", shown, things, AccountAction.GRANT_ROLE)


def administered(session: Session, region: Region) -> list[Listing]:
    """What administrators see of the organisation and of what was changed in it."""
    kinds: list[tuple[Any, Callable[[Any, Institution], Resource]]] = [
        (Department, department_resource),
        (Staff, staff_resource),
        (Team, team_resource),
    ]
    found = {
        table.__name__: {
            row.id: resource(row, session.get_one(Institution, row.institution_id))
            for row in session.scalars(select(table))
        }
        for table, resource in kinds
    }
    institutions = {
        row.id: institution_resource(row) for row in session.scalars(select(Institution))
    }
    changed = institutions | found["Department"] | found["Staff"] | found["Team"]
    things = {
        row.id: changed[row.subject_id]
        for row in session.scalars(select(ChangeRecord))
        if row.subject_id in changed
    }

    def listing(
        name: str, read: Any, search: PageQuery, action: str, of: dict[UUID, Resource]
    ) -> Listing:
        def shown(actor: Actor) -> Iterator[UUID]:
            yield from (row.id for row in pages(lambda page: read(session, actor, page), search))

        return Listing(name, shown, of, action)

    def changes(actor: Actor) -> Iterator[UUID]:
        within = changed_within(actor.units(Role.ADMINISTRATOR))
        found = pages(lambda page: list_changes(session, page, within), PageQuery())
        yield from (row.id for row in found if row.id in things)

    return [
        listing("institutions", administration.managed_institutions, ManagedInstitutions(),
                Administering.CHANGE_INSTITUTION, institutions),
        listing("departments", administration.managed_departments, ManagedDepartments(),
                Administering.CHANGE_DEPARTMENT, found["Department"]),
        listing("staff", administration.managed_staff, ManagedStaff(),
                Administering.CHANGE_STAFF, found["Staff"]),
        listing("teams", administration.managed_teams, ManagedTeams(),
                Administering.CHANGE_TEAM, found["Team"]),
        Listing("choices", lambda actor: (
            row[0] for row in administration.institution_choices(session, actor)),
            institutions, Administering.CHANGE_INSTITUTION),
        Listing("changes", changes, things, Administering.READ_HISTORY),
    ]  # fmt: skip


def figures(session: Session, region: Region) -> list[Listing]:
    """Divisions above one, of which an actor may see the figures."""
    divisions = list(session.scalars(select(Division)))

    def shown(actor: Actor) -> Iterator[str]:
        places = Places(session, actor, None)
        for division in divisions:
            yield from (above.code for above in places.readable_path(division.code))

    things = {
        division.code: Resource("Statistics", "", units=unit_path(session, division.code))
        for division in divisions
        if any(below.parent_code == division.code for below in divisions)
    }
    return [Listing("figures", shown, things, Figures.READ)]


def messages(session: Session, region: Region) -> list[Listing]:
    """Messages have no policy of their own: who reads them is the person whose data they are."""
    things = {
        row.id: Resource("Person", "", row.person_id, more={"care": []})
        for row in session.scalars(select(Message))
    }
    return [
        Listing("messages", lambda actor: (row.id for row in pages(
            lambda page: list_messages(session, actor, page), PageQuery())),
            things, Reading.READ_PERSON),
    ]  # fmt: skip


def families(session: Session, region: Region) -> list[Listing]:
    """Who may act for whom, to both sides; and those for whom one may act. Verified people only."""
    live = session.scalars(select(Representation).where(Representation.ended_at.is_(None))).all()
    consents = {row.id: consent_resource(row) for row in live}

    def both_sides(actor: Actor) -> Iterator[UUID]:
        yield from (row.id for row in list_consents(session, actor))
        acting = (row.representation_id for row in family_of(session, actor))
        yield from (each for each in acting if each)

    return [Listing("consents", both_sides, consents, ConsentAction.READ)]


def at_the_desk(session: Session, region: Region) -> list[Listing]:
    """The people whom a desk finds, by the desk that looks."""
    person = region.people[0]
    command = FindPatient(name=person.name, tail=person.id_number[-4:])
    hospitals = {
        row.id: row for row in list_institutions(session, InstitutionSearch(limit=100)).items
    }
    desks = {
        (row.id, person.id): Resource("DayList", "", units=units_of(row.id, row.division_code))
        for row in hospitals.values()
    }

    def shown(actor: Actor) -> Iterator[Key]:
        for hospital in hospitals.values():
            with suppress(Denied):
                found = find_patients(session, actor, hospital, command)
                yield from ((hospital.id, each.id) for each in found)

    return [Listing("patients at desks", shown, desks, DeskAction.FIND_PATIENT)]


LISTINGS = (
    reviews_of_conduct,
    at_the_desk,
    families,
    care,
    queues,
    visits,
    handovers,
    planned,
    services,
    rights,
    administered,
    figures,
    messages,
    recoveries,
    applications,
    events,
    questions,
    waiting,
    reviews,
    exchange,
)


def test_lists_and_the_policy_agree(app: APIFlask, session: Session) -> None:
    chance = random.Random(SEED)
    region = make_region(session, chance)
    actors = make_actors(session, chance, region, ACTORS)
    checked, readable, wrong = 0, 0, []
    for listing in [each for make in LISTINGS for each in make(session, region)]:
        assert listing.things, listing.name
        permitted_at_all = 0
        for actor in actors:
            shown = set(listing.shown(actor))
            assert shown <= set(listing.things), listing.name
            for key, thing in listing.things.items():
                allowed = listing.permitted(actor, thing)
                permitted_at_all += allowed
                if (key in shown) is not allowed:
                    wrong.append((listing.name, key, "missing" if allowed else "listed",
                                  dict(actor.grants)))  # fmt: skip
        assert permitted_at_all, f"nobody may read {listing.name}, which proves nothing"
        decided = len(actors) * len(listing.things)
        assert permitted_at_all < decided, f"everybody may read {listing.name}, a test of nothing"
        checked += decided
        readable += permitted_at_all
    assert wrong == []
    assert checked >= TRIPLES
    assert readable > checked // 50  # the world is not one in which nobody may do anything


def scoped_lists() -> Iterator[str]:
    """The names of the rooms' list queries that take an actor."""
    for name in ROOM_NAMES:
        try:
            queries = import_module(f"{name}.queries")
        except ModuleNotFoundError:
            continue
        inside = walk_packages(getattr(queries, "__path__", ()), f"{queries.__name__}.")
        for module in (queries, *(import_module(info.name) for info in inside)):
            for function, made in inspect.getmembers(module, inspect.isfunction):
                signature = inspect.signature(made)
                listed = "Page[" in str(signature.return_annotation)
                if listed and "actor" in signature.parameters:
                    yield function


def test_no_scoped_list_is_left_out() -> None:
    modules = {make.__module__ for make in LISTINGS}
    held = "".join(inspect.getsource(import_module(name)) for name in modules)
    missing = {name for name in scoped_lists() if f"{name}(" not in held}
    missing = {name for name in missing if f"administration.{name}" not in held}
    assert missing == OF_ONE_THING
