"""What offices see: accounts and roles, the organisation, the figures."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

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
from auth.web.offered import roles_to_give
from core.access import Actor, Resource, Role, book
from core.history import list_changes
from core.models import ChangeRecord
from core.paging import PageQuery
from directory.models import Department, Division, Institution, Staff, Team
from directory.queries import administration, unit_path
from directory.queries.overview import changed_within
from directory.resources import (
    department_resource,
    institution_resource,
    staff_resource,
    team_resource,
)
from directory.schemas import Action as Administering
from directory.schemas import ManagedDepartments, ManagedInstitutions, ManagedStaff, ManagedTeams
from gov_stats.queries import Places
from gov_stats.schemas import Action as Figures
from tests.integration.security.listing import Key, Listing, pages
from tests.integration.security.region import Region


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
