"""Registered applications: as their administrators see them, on people's homes, and how used."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, false, func, literal, or_, select
from sqlalchemy.orm import Session

from auth.models import Client, ClientServiceUse, ClientUse, Token
from auth.organisation import Unit, organisation
from auth.ports import unit_path
from auth.queries.accounts import responsibility
from auth.queries.upstream import region_of
from auth.schemas.applications import (
    ApplicationAction,
    ApplicationSearch,
    ApplicationState,
    ApplicationView,
    DayOfUse,
    Icon,
    Tile,
    Usage,
)
from auth.schemas.sso import GrantType, Scope, SigningAlgorithm
from core import clock
from core.access import Actor, Resource, Role, require
from core.crypto import token_hash
from core.errors import NotFound
from core.history import ChangeView, about, list_changes
from core.paging import Page, PageQuery, read_page
from core.searching import any_contains

SUBJECT = "application"
DAYS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class CallingService:
    """An application that calls by itself (client_credentials): ``id`` names it in histories,
    ``unit`` is its place in the organisation, where it was given one.
    """

    id: UUID
    name: str
    unit: str | None


def service_of_token(session: Session, token: str, scope: str) -> CallingService | None:
    """The application whose own live token this is, where the token carries ``scope`` and the
    application still has it.
    """
    query = (
        select(Client.id, Client.name, Client.unit)
        .join(Token, Token.client_id == Client.client_id)
        .where(
            Token.token_hash == token_hash(token),
            Token.account_id.is_(None),
            Token.ended_at.is_(None),
            Token.expires_at > clock.now(),
            Client.disabled_at.is_(None),
            literal(scope) == any_(func.string_to_array(Token.scope, " ")),
            literal(scope) == any_(Client.service_scopes),
        )
    )
    row = session.execute(query).one_or_none()
    return CallingService(row.id, row.name, row.unit) if row else None


def list_managed_applications(
    session: Session, actor: Actor, search: ApplicationSearch
) -> Page[ApplicationView]:
    """Applications within the actor's units, by name."""
    scope = actor.units(Role.ADMINISTRATOR)
    require(session, actor, ApplicationAction.LIST, responsibility(scope))
    order: list[Any] = [Client.name, Client.id]
    query = select(Client, *order).where(_within(session, actor), *_wanted(search))
    rows, following = read_page(session, query, order, search)
    clients = [row[0] for row in rows]
    units = organisation().units_by_code(session, {c.unit for c in clients if c.unit})
    return Page(
        items=[application_view(client, units.get(client.unit or "")) for client in clients],
        next_cursor=following,
    )


def get_application(session: Session, actor: Actor, application_id: UUID) -> ApplicationView:
    """One application. Raises NotFound or Denied."""
    client = load_client(session, application_id)
    resource = application_resource(session, actor, client)
    require(session, actor, ApplicationAction.READ, resource)
    return read_view(session, client)


def application_history(
    session: Session, actor: Actor, application_id: UUID, page: PageQuery
) -> tuple[ApplicationView, Page[ChangeView]]:
    """An application and what was changed at it, newest first. Raises NotFound or Denied."""
    application = get_application(session, actor, application_id)
    return application, list_changes(session, page, about(SUBJECT, application_id))


def application_usage(
    session: Session, actor: Actor, application_id: UUID
) -> tuple[ApplicationView, Usage]:
    """An application and how it was used in the last DAYS_SHOWN days. Raises NotFound or Denied."""
    application = get_application(session, actor, application_id)
    today = clock.today()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS_SHOWN))]
    mine = (ClientUse.client_id == application.client_id, ClientUse.day >= days[0])
    by_day = {
        row.day: row
        for row in session.execute(
            select(
                ClientUse.day,
                func.sum(ClientUse.sign_ins).label("sign_ins"),
                func.count().label("people"),
            )
            .where(*mine)
            .group_by(ClientUse.day)
        )
    }
    people = session.scalar(select(func.count(ClientUse.account_id.distinct())).where(*mine))
    taken = select(ClientServiceUse.day, ClientServiceUse.tokens).where(
        ClientServiceUse.client_id == application.client_id, ClientServiceUse.day >= days[0]
    )
    tokens = {row.day: row.tokens for row in session.execute(taken)}
    used = [
        DayOfUse(
            day=day,
            sign_ins=by_day[day].sign_ins if day in by_day else 0,
            people=by_day[day].people if day in by_day else 0,
            tokens=tokens.get(day, 0),
        )
        for day in days
    ]
    return application, Usage(
        days=used,
        sign_ins=sum(day.sign_ins for day in used),
        people=people or 0,
        tokens=sum(tokens.values()),
    )


def list_tiles(session: Session, role: Role, places: Collection[str] | Select[str]) -> list[Tile]:
    """The applications for people of ``role`` whose places (units and all above them) these are."""
    within = places if isinstance(places, Select) else sorted(places)
    query = (
        select(Client.name, Client.icon, Client.launch_url)
        .where(
            Client.disabled_at.is_(None),
            Client.launch_url.is_not(None),
            Client.unit.in_(within),
            literal(role.value) == any_(Client.audience),
        )
        .order_by(Client.name, Client.client_id)
    )
    return [
        Tile(name=row.name, icon=Icon(row.icon), launch_url=row.launch_url)
        for row in session.execute(query)
    ]


def places_of_role(session: Session, actor: Actor, role: Role) -> set[str]:
    """The units on which the actor holds a role, and all above them."""
    units = organisation().units_by_code(session, actor.units(role))
    return {code for unit in units.values() for code in unit.path}


def load_client(session: Session, application_id: UUID) -> Client:
    """The row. Raises NotFound."""
    client = session.scalar(select(Client).where(Client.id == application_id))
    if client is None:
        raise NotFound()
    return client


def application_resource(session: Session, actor: Actor, client: Client) -> Resource:
    """An application as the policy sees it: in its place, without one in the whole region."""
    if client.unit is not None:
        return resource_at(unit_path(session, client.unit), str(client.id))
    region = region_of(session, actor)
    return resource_at((region,) if region else (), str(client.id))


def resource_at(units: tuple[str, ...], name: str = "new") -> Resource:
    """An application that is, or is to be, in these units."""
    return Resource("ManagedApplication", name, units=units)


def read_view(session: Session, client: Client) -> ApplicationView:
    """The application with its unit's name. The caller has asked the policy."""
    units = organisation().units_by_code(session, [client.unit] if client.unit else [])
    return application_view(client, units.get(client.unit or ""))


def application_view(client: Client, unit: Unit | None) -> ApplicationView:
    """A row as administrators see it."""
    return ApplicationView(
        id=client.id,
        client_id=client.client_id,
        name=client.name,
        icon=Icon(client.icon),
        unit=client.unit,
        unit_name=unit.name if unit else client.unit,
        launch_url=client.launch_url,
        audience=[role for role in Role if role in client.audience],
        grants=[grant for grant in GrantType if grant in client.grants],
        redirect_uris=client.redirect_uris,
        post_logout_redirect_uris=client.post_logout_redirect_uris,
        backchannel_logout_uri=client.backchannel_logout_uri,
        scopes=[scope for scope in Scope if scope in client.scopes],
        service_scopes=client.service_scopes,
        guarded_scopes=client.guarded_scopes,
        algorithm=SigningAlgorithm(client.algorithm),
        require_par=client.require_par,
        public=client.secret_hash is None and client.jwks is None,
        keys=client.jwks is not None,
        jwks=client.jwks,
        old_secret_ends_at=_still(client.old_secret_ends_at),
        disabled=client.disabled_at is not None,
        version=client.version,
    )


def _still(moment: datetime | None) -> datetime | None:
    """A moment that is to come."""
    return moment if moment and moment > clock.now() else None


def _within(session: Session, actor: Actor) -> ColumnElement[bool]:
    """What ``application_resource`` says of one, for all."""
    scope = actor.units(Role.ADMINISTRATOR)
    placed = Client.unit.is_not(None) & organisation().units_within(Client.unit, scope)
    unplaced = Client.unit.is_(None) if region_of(session, actor) in scope else false()
    return or_(placed, unplaced)


def _wanted(search: ApplicationSearch) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if search.search:
        wanted.append(any_contains(search.search, Client.name, Client.client_id))
    if search.state is ApplicationState.ACTIVE:
        wanted.append(Client.disabled_at.is_(None))
    if search.state is ApplicationState.DISABLED:
        wanted.append(Client.disabled_at.is_not(None))
    return wanted
