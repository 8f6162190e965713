"""What teams and residents see of contracts, services and messages."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Resource
from core.errors import Denied
from core.paging import Page, PageQuery
from core.searching import SearchQuery
from directory.queries import get_team, unit_path
from family_doctor.models import Contract
from family_doctor.queries.applications import list_applications as list_signing_applications
from family_doctor.queries.contracts import care_units, contract_resource, list_contracts
from family_doctor.queries.panel import list_panel
from family_doctor.queries.team import list_work, require_team, teams_worked_in
from family_doctor.schemas import Action as Signing
from family_doctor.schemas import ContractSearch, PanelQuery, WorkSearch
from family_doctor.states import State as ContractState
from notifications.models import Message
from notifications.queries import list_messages
from residents.public import representatives_of
from residents.queries import person_resource
from residents.schemas import Action as Reading
from residents.schemas import PersonSearch, Scope
from service_packs.models import Entitlement, Order, ServiceRecord
from service_packs.queries.entitlements import (
    entitled,
    find_people,
    list_entitlements,
    serving_team,
)
from service_packs.queries.entitlements import in_force as entitlement_in_force
from service_packs.queries.orders import list_orders
from service_packs.queries.records import list_records, list_team_records
from service_packs.schemas import Action as Serving
from service_packs.schemas import EntitlementSearch, OrderSearch, RecordSearch, TeamRecordSearch
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import NAME, Region


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

    def panel_of(session: Session, team_id: UUID, query: PanelQuery) -> Page[Any]:
        return list_panel(session, get_team(session, team_id), query)

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
    read, page = Signing.READ_CONTRACT, SearchQuery()
    return [
        Listing("contracts", contracts, things, read),
        Listing("applications to a team", of_teams(list_signing_applications, page, "contract_id"),
                applied, read, as_staff=True),
        Listing("panel", of_teams(panel_of, PanelQuery(), "person_id"),
                people, Reading.READ_PERSON, as_staff=True),
        Listing("work", of_teams(list_work, WorkSearch(), "obligation_id"),
                work, read, as_staff=True),
        Listing("teams worked in", panels, teams, Signing.READ_PANEL),
        Listing("people found", lambda actor: (
            person.id for person in pages(lambda p: find_people(session, actor, p), found)),
            people, Reading.READ_PERSON, as_staff=True),
    ]  # fmt: skip


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

    def own_records(actor: Actor) -> Iterator[UUID]:
        for person in region.people:
            search = RecordSearch(person_id=person.id)
            found = pages(lambda page: list_records(session, actor, page), search)
            yield from (row.id for row in found)

    def orders_of(actor: Actor) -> Iterator[UUID]:
        for person in region.people:
            search = OrderSearch(person_id=person.id)
            found = pages(lambda page: list_orders(session, actor, page), search)
            yield from (row.id for row in found)

    def kin(person_id: UUID, scope: Scope) -> list[str]:
        return sorted(map(str, representatives_of(session, person_id, scope)))

    records = list(session.scalars(select(ServiceRecord)))
    of_teams = {row.id: serving_team(row.team_id) for row in records}
    of_people = {
        row.id: Resource(
            "ServiceRecord",
            str(row.id),
            row.person_id,
            (str(row.team_id),),
            {"kin": kin(row.person_id, Scope.SEE_RECORDS)},
        )
        for row in records
    }
    orders = {
        row.id: Resource(
            "PackOrder", str(row.id), row.person_id, more={"kin": kin(row.person_id, Scope.PAY)}
        )
        for row in session.scalars(select(Order))
    }
    given = {
        row.id: entitled(session, row.person_id, kin(row.person_id, Scope.SEE_RECORDS))
        for row in session.scalars(select(Entitlement).where(entitlement_in_force()))
    }
    return [
        Listing("own records", own_records, of_people, Serving.READ_RECORDS),
        Listing("team records", team_records, of_teams, Serving.READ_TEAM_RECORDS),
        Listing("orders", orders_of, orders, Serving.READ_ORDER),
        Listing("entitlements", entitlements, given, Serving.READ_ENTITLEMENTS),
    ]  # fmt: skip


def messages(session: Session, region: Region) -> list[Listing]:
    """Messages have no policy of their own: who reads them is the person whose data they are."""
    things = {
        row.id: Resource("Person", "", row.person_id, more={"care": []})
        for row in session.scalars(select(Message))
    }
    return [
        Listing("messages", lambda actor: (row.id for row in pages(
            lambda page: list_messages(session, actor, page), SearchQuery())),
            things, Reading.READ_PERSON),
    ]  # fmt: skip
