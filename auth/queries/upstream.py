"""Providers to sign in with, and who is joined to them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from auth.models import Account, Upstream, UpstreamArrival, UpstreamIdentity, UpstreamRole
from auth.organisation import organisation
from auth.queries.accounts import holder
from auth.schemas.applications import Icon
from auth.schemas.upstream import Door, IdentityView, RoleRule, UpstreamAction, UpstreamView
from core import clock
from core.access import Actor, Resource, Role, decide, require
from core.crypto import token_hash
from core.errors import NotFound
from core.history import ChangeView, about, list_changes
from core.paging import Page, PageQuery

SUBJECT = "upstream"


def list_doors(session: Session) -> list[Door]:
    """What the sign-in page offers, by name."""
    query = (
        select(Upstream.id, Upstream.name, Upstream.icon)
        .where(Upstream.disabled_at.is_(None))
        .order_by(Upstream.name, Upstream.id)
    )
    return [Door(id=row.id, name=row.name, icon=Icon(row.icon)) for row in session.execute(query)]


def list_own_doors(session: Session, account_id: UUID) -> list[Door]:
    """The providers in use that open an account, by name."""
    query = (
        select(Upstream.id, Upstream.name, Upstream.icon)
        .join(UpstreamIdentity, UpstreamIdentity.upstream_id == Upstream.id)
        .where(Upstream.disabled_at.is_(None), UpstreamIdentity.account_id == account_id)
        .order_by(Upstream.name, Upstream.id)
    )
    return [Door(id=row.id, name=row.name, icon=Icon(row.icon)) for row in session.execute(query)]


def open_upstream(session: Session, upstream_id: UUID) -> Upstream:
    """A provider that is in use. Raises NotFound."""
    upstream = session.get(Upstream, upstream_id)
    if upstream is None or upstream.disabled_at is not None:
        raise NotFound()
    return upstream


def find_arrival(session: Session, browser: str) -> tuple[UpstreamArrival, Upstream] | None:
    """Who was vouched for in this browser last, and waits to be joined to an account."""
    query = (
        select(UpstreamArrival, Upstream)
        .join(Upstream, Upstream.id == UpstreamArrival.upstream_id)
        .where(
            UpstreamArrival.browser_hash == token_hash(browser),
            UpstreamArrival.settled_at.is_(None),
            UpstreamArrival.expires_at > clock.now(),
            Upstream.disabled_at.is_(None),
        )
        .order_by(UpstreamArrival.created_at.desc())
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def name_of_holder(session: Session, arrival: UpstreamArrival) -> str | None:
    """What the account is called that who arrived signs in to until now, if there is one."""
    query = select(Account.display_name).join(UpstreamIdentity)
    return session.scalar(
        query.where(
            UpstreamIdentity.upstream_id == arrival.upstream_id,
            UpstreamIdentity.subject == arrival.subject,
        )
    )


def list_identities(session: Session, actor: Actor) -> list[IdentityView]:
    """Every provider in use, with the identity that the actor joined; and joined ones of others."""
    require(session, actor, UpstreamAction.READ_IDENTITIES, own_identities(actor.account_id))
    mine = (UpstreamIdentity.upstream_id == Upstream.id) & (
        UpstreamIdentity.account_id == actor.account_id
    )
    query = (
        select(Upstream, UpstreamIdentity)
        .outerjoin(UpstreamIdentity, mine)
        .where(or_(Upstream.disabled_at.is_(None), UpstreamIdentity.id.is_not(None)))
        .order_by(Upstream.name, Upstream.id)
    )
    return [_identity_view(upstream, identity) for upstream, identity in session.execute(query)]


def list_upstreams(session: Session, actor: Actor) -> list[UpstreamView]:
    """All providers, those in use first. Raises Denied."""
    administer(session, actor)
    return all_upstreams(session)


def all_upstreams(session: Session) -> list[UpstreamView]:
    """As ``list_upstreams``, for the console, which needs no policy."""
    query = select(Upstream, _people()).order_by(
        Upstream.disabled_at.is_not(None), Upstream.name, Upstream.id
    )
    return [upstream_view(upstream, people) for upstream, people in session.execute(query)]


def get_upstream(session: Session, actor: Actor, upstream_id: UUID) -> UpstreamView:
    """One provider. Raises NotFound or Denied."""
    administer(session, actor)
    query = select(Upstream, _people()).where(Upstream.id == upstream_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound()
    return upstream_view(row[0], row[1])


def upstream_history(
    session: Session, actor: Actor, upstream_id: UUID, page: PageQuery
) -> tuple[UpstreamView, Page[ChangeView]]:
    """A provider and what was changed at it, newest first. Raises NotFound or Denied."""
    upstream = get_upstream(session, actor, upstream_id)
    return upstream, list_changes(session, page, about(SUBJECT, upstream_id))


def list_rules(session: Session, upstream_id: UUID) -> list[RoleRule]:
    """Which claims give which roles. The caller has asked the policy."""
    query = (
        select(UpstreamRole)
        .where(UpstreamRole.upstream_id == upstream_id)
        .order_by(UpstreamRole.value, UpstreamRole.role, UpstreamRole.unit_name)
    )
    return [RoleRule.model_validate(rule) for rule in session.scalars(query)]


def administer(session: Session, actor: Actor) -> None:
    """Providers open the doors of the whole region: its administrators keep them. Raises Denied."""
    require(session, actor, UpstreamAction.ADMINISTER, _doors(session, actor))


def may_administer(session: Session, actor: Actor) -> bool:
    """Whether to show the way to the providers' pages."""
    return decide(actor, UpstreamAction.ADMINISTER, _doors(session, actor))[0]


def region_of(session: Session, actor: Actor) -> str | None:
    """The top of the tree that the actor administers a part of."""
    units = organisation().units_by_code(session, actor.units(Role.ADMINISTRATOR))
    return next((unit.path[-1] for unit in units.values()), None)


def own_identities(account_id: UUID) -> Resource:
    """What somebody joined to their account, as the policy sees it."""
    return Resource("UpstreamLink", str(account_id), more={"holder": holder(account_id)})


def upstream_view(upstream: Upstream, people: int) -> UpstreamView:
    """A row as administrators see it."""
    return UpstreamView(
        id=upstream.id,
        issuer=upstream.issuer,
        name=upstream.name,
        icon=Icon(upstream.icon),
        client_id=upstream.client_id,
        has_secret=upstream.client_secret is not None,
        scopes=upstream.scopes,
        linking=upstream.linking,
        just_in_time=upstream.just_in_time,
        role_claim=upstream.role_claim,
        two_factor_values=upstream.two_factor_values,
        phishing_resistant_values=upstream.phishing_resistant_values,
        disabled=upstream.disabled_at is not None,
        people=people,
        version=upstream.version,
    )


def rules_for(session: Session, upstream: Upstream, values: Sequence[str]) -> list[UpstreamRole]:
    """The rules that these values of the role claim meet."""
    query = select(UpstreamRole).where(
        UpstreamRole.upstream_id == upstream.id, UpstreamRole.value.in_(values)
    )
    return list(session.scalars(query))


def _doors(session: Session, actor: Actor) -> Resource:
    region = region_of(session, actor)
    return Resource("Upstream", "all", units=(region,) if region else ())


def _people() -> Any:
    return (
        select(func.count())
        .select_from(UpstreamIdentity)
        .where(UpstreamIdentity.upstream_id == Upstream.id)
        .correlate(Upstream)
        .scalar_subquery()
    )


def _identity_view(upstream: Upstream, identity: UpstreamIdentity | None) -> IdentityView:
    return IdentityView(
        upstream_id=upstream.id,
        upstream_name=upstream.name,
        icon=Icon(upstream.icon),
        open=upstream.disabled_at is None and upstream.linking,
        identity_id=identity.id if identity else None,
        name=identity.name if identity else None,
        linked_at=identity.linked_at if identity else None,
        used_at=identity.used_at if identity else None,
    )
