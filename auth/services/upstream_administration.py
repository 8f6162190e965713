"""Which providers people may sign in with, on what terms. Every change has a history."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import RefreshFamily, SignInSession, Upstream, UpstreamIdentity, UpstreamRole
from auth.organisation import Unit, organisation
from auth.queries.accounts import holder
from auth.queries.upstream import SUBJECT, administer, upstream_view
from auth.schemas import Action
from auth.schemas.upstream import (
    MAPPED_ROLES,
    ChangeUpstream,
    MapRole,
    RegisterUpstream,
    UnmapRole,
    UpstreamSettings,
    UpstreamVersion,
    UpstreamView,
)
from auth.services.grants import UNIT_KINDS
from auth.services.identities import came_by_a_provider
from auth.services.logout import end_families, end_on_the_way, end_sessions
from auth.services.upstream_roles import end_mapped, grants_of_upstream
from core import clock, history
from core.access import Actor, Resource, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_


def register_upstream(session: Session, actor: Actor, command: RegisterUpstream) -> UpstreamView:
    """Let people sign in with a provider. Raises Denied, or Conflict ``upstream_exists``."""
    administer(session, actor)
    return add_upstream(session, actor, command)


def add_upstream(session: Session, actor: Actor, command: RegisterUpstream) -> UpstreamView:
    """As ``register_upstream``, for the console, which needs no policy."""
    row = insert(Upstream).values(id=new_id(), created_at=clock.now(), **command.model_dump())
    upstream = session.scalars(row.on_conflict_do_nothing().returning(Upstream)).one_or_none()
    if upstream is None:
        sentence = N_("这个地址已经登记过。")
        raise Conflict("upstream_exists", sentence, fields={"issuer": sentence})
    given = _shown(command) | {"issuer": command.issuer}
    history.note_creation(session, actor, SUBJECT, upstream, given)
    return upstream_view(upstream, 0)


def change_upstream(
    session: Session, actor: Actor, upstream_id: UUID, command: ChangeUpstream
) -> UpstreamView:
    """Change what was decided about a provider. Raises Denied, NotFound or Conflict (stale)."""
    administer(session, actor)
    upstream = _load(session, upstream_id)
    values = command.model_dump(exclude={"version"})
    shown: dict[str, history.Shown] = {}
    if command.client_secret is None:
        values.pop("client_secret")
    else:
        shown["client_secret"] = ("client_secret", None, True)
    history.change(session, actor, SUBJECT, upstream, command.version, values, shown)
    return _view(session, upstream)


def ensure_upstream(session: Session, actor: Actor, command: RegisterUpstream) -> UpstreamView:
    """Register a provider or bring the registered one to what is given; for set-ups that run
    again. A secret changes only where one is given.
    """
    known = session.scalar(select(Upstream).where(Upstream.issuer == command.issuer))
    if known is None:
        return add_upstream(session, actor, command)
    values = command.model_dump(exclude={"issuer"})
    if command.client_secret is None:
        values.pop("client_secret")
    session.execute(update(Upstream).where(Upstream.id == known.id).values(**values))
    session.refresh(known)
    return _view(session, known)


def disable_upstream(
    session: Session, actor: Actor, upstream_id: UUID, command: UpstreamVersion
) -> UpstreamView:
    """Close a provider at once: nobody signs in with it, who did is signed out, and the roles that
    it gave end. Raises Denied, NotFound or Conflict.
    """
    administer(session, actor)
    return close_upstream(session, actor, _load(session, upstream_id), command.version)


def close_upstream(
    session: Session, actor: Actor, upstream: Upstream, version: int
) -> UpstreamView:
    """As ``disable_upstream``, for the console, which needs no policy."""
    if upstream.disabled_at is None:
        _set_disabled(session, actor, upstream, version, disabled=True)
        end_mapped(session, upstream, grants_of_upstream(session, upstream.id))
        end_on_the_way(session, _joined(upstream))
        came = came_by_a_provider(SignInSession.account_id.in_(_joined(upstream)))
        end_sessions(session, came)
        opened = select(SignInSession.id).where(came)
        end_families(session, RefreshFamily.session_id.in_(opened))
    return _view(session, upstream)


def enable_upstream(
    session: Session, actor: Actor, upstream_id: UUID, command: UpstreamVersion
) -> UpstreamView:
    """Open a provider again; its roles come back with each next sign-in.

    Raises Denied, NotFound or Conflict.
    """
    administer(session, actor)
    upstream = _load(session, upstream_id)
    if upstream.disabled_at is not None:
        _set_disabled(session, actor, upstream, command.version, disabled=False)
    return _view(session, upstream)


def map_role(session: Session, actor: Actor, upstream_id: UUID, command: MapRole) -> UpstreamView:
    """Let a value of the role claim give a role from each one's next sign-in on. Adding a rule
    again changes nothing. Raises Denied (not one's to give), NotFound or Invalid.
    """
    administer(session, actor)
    upstream = _load(session, upstream_id)
    unit = _unit_for(session, command)
    more: dict[str, object] = {"holder": holder(), "role": command.role.value}
    given = Resource("RoleHolding", str(upstream.id), units=unit.path, more=more)
    require(session, actor, Action.GRANT_ROLE, given)
    rule = insert(UpstreamRole).values(
        id=new_id(), upstream_id=upstream.id, unit_name=unit.name, **command.model_dump()
    )
    if session.execute(rule.on_conflict_do_nothing().returning(UpstreamRole.id)).first():
        _note_rule(session, actor, upstream, None, _in_words(command, unit.name))
    return _view(session, upstream)


def unmap_role(
    session: Session, actor: Actor, upstream_id: UUID, command: UnmapRole
) -> UpstreamView:
    """Take a rule away; roles that no other rule gives any more end at once.

    Raises Denied or NotFound.
    """
    administer(session, actor)
    upstream = _load(session, upstream_id)
    rule = session.scalars(
        delete(UpstreamRole)
        .where(UpstreamRole.id == command.rule_id, UpstreamRole.upstream_id == upstream_id)
        .returning(UpstreamRole)
    ).one_or_none()
    if rule is None:
        return _view(session, upstream)
    _note_rule(session, actor, upstream, _in_words(rule, rule.unit_name), None)
    others = select(UpstreamRole.role, UpstreamRole.unit).where(
        UpstreamRole.upstream_id == upstream_id
    )
    left = {(row.role, row.unit) for row in session.execute(others)}
    given = grants_of_upstream(session, upstream_id)
    end_mapped(session, upstream, [g for g in given if (g.role, g.unit) not in left])
    return _view(session, upstream)


def find_by_issuer(session: Session, issuer: str) -> Upstream:
    """For the console. Raises NotFound."""
    upstream = session.scalar(select(Upstream).where(Upstream.issuer == issuer))
    if upstream is None:
        raise NotFound()
    return upstream


def _unit_for(session: Session, command: MapRole) -> Unit:
    if command.role not in MAPPED_ROLES:
        sentence = N_("这个角色不能由外部账号带来，请到账号页面授予。")
        raise Invalid("role_not_mapped", sentence, fields={"role": sentence})
    unit = organisation().units_by_code(session, [command.unit]).get(command.unit)
    if unit is None or unit.kind not in UNIT_KINDS[command.role]:
        sentence = N_("这个角色不能授予在这个单位上，请换一个单位。")
        raise Invalid("wrong_unit", sentence, fields={"unit": sentence})
    return unit


def _load(session: Session, upstream_id: UUID) -> Upstream:
    upstream = session.get(Upstream, upstream_id)
    if upstream is None:
        raise NotFound()
    return upstream


def _view(session: Session, upstream: Upstream) -> UpstreamView:
    people = session.scalar(
        select(func.count())
        .select_from(UpstreamIdentity)
        .where(UpstreamIdentity.upstream_id == upstream.id)
    )
    return upstream_view(upstream, people or 0)


def _joined(upstream: Upstream) -> Select[UUID]:
    """The accounts that the provider's word opens."""
    return select(UpstreamIdentity.account_id).where(UpstreamIdentity.upstream_id == upstream.id)


def _set_disabled(
    session: Session, actor: Actor, upstream: Upstream, version: int, *, disabled: bool
) -> None:
    values = {"disabled_at": clock.now() if disabled else None}
    shown = {"disabled_at": ("disabled", not disabled, disabled)}
    history.change(session, actor, SUBJECT, upstream, version, values, shown)


def _note_rule(
    session: Session, actor: Actor, upstream: Upstream, before: str | None, after: str | None
) -> None:
    history.note(session, actor, SUBJECT, upstream, {"role_rule": [before, after]})


def _in_words(rule: MapRole | UpstreamRole, unit_name: str) -> str:
    return f"{rule.value} → {rule.role} · {unit_name}"


def _shown(command: UpstreamSettings) -> dict[str, Any]:
    given = command.model_dump(mode="json", exclude={"client_secret"})
    return given | {"client_secret": True if command.client_secret else None}
