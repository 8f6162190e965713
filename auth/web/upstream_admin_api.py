"""/api/v1/auth/upstreams: providers to sign in with, for administrators of the whole region."""

from uuid import UUID

from apiflask import APIBlueprint

from auth.queries.upstream import get_upstream, list_rules, list_upstreams, upstream_history
from auth.schemas.upstream import (
    ChangeUpstream,
    MapRole,
    RegisterUpstream,
    UnmapRole,
    UpstreamDetail,
    UpstreamVersion,
    UpstreamView,
)
from auth.services import upstream_administration as services
from auth.web.upstream import redirect_uri
from core.access import Role
from core.database import transaction
from core.history import ChangeView
from core.paging import Page, PageQuery
from core.web.access import current_actor, open_to
from core.web.api import SECURED, VERSION
from core.web.writes import write

api = APIBlueprint(
    "auth_upstreams_api", "auth", url_prefix=f"/api/{VERSION}/auth/upstreams", tag="Providers"
)


@api.get("")
@api.output(Page[UpstreamView])
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def upstreams() -> Page[UpstreamView]:
    """All providers on one page, those in use first."""
    with transaction() as session:
        return Page(items=list_upstreams(session, current_actor()), next_cursor=None)


@api.get("/<uuid:upstream_id>")
@api.output(UpstreamDetail)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def upstream(upstream_id: UUID) -> UpstreamDetail:
    """A provider, which of its claims give which roles, and the address to register there."""
    with transaction() as session:
        found = get_upstream(session, current_actor(), upstream_id)
        return UpstreamDetail(
            **found.model_dump(),
            redirect_uri=redirect_uri(upstream_id),
            rules=list_rules(session, upstream_id),
        )


@api.get("/<uuid:upstream_id>/history")
@api.input(PageQuery, location="query", arg_name="page")
@api.output(Page[ChangeView])
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def history(upstream_id: UUID, page: PageQuery) -> Page[ChangeView]:
    """What was changed at a provider, newest first."""
    with transaction() as session:
        return upstream_history(session, current_actor(), upstream_id, page)[1]


@api.post("")
@api.input(RegisterUpstream, arg_name="command")
@api.output(UpstreamView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def register(command: RegisterUpstream) -> UpstreamView:
    """Let people sign in with a provider. No answer ever tells its secret."""
    return write(
        UpstreamView,
        lambda session: services.register_upstream(session, current_actor(), command),
    )


@api.put("/<uuid:upstream_id>")
@api.input(ChangeUpstream, arg_name="command")
@api.output(UpstreamView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change(upstream_id: UUID, command: ChangeUpstream) -> UpstreamView:
    """Set all terms anew, made on the version that was read; without a secret theirs stays."""
    return write(
        UpstreamView,
        lambda session: services.change_upstream(session, current_actor(), upstream_id, command),
    )


@api.post("/<uuid:upstream_id>/disable")
@api.input(UpstreamVersion, arg_name="command")
@api.output(UpstreamView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def disable(upstream_id: UUID, command: UpstreamVersion) -> UpstreamView:
    """Close a provider at once: who came by it is signed out, and the roles it gave end."""
    return write(
        UpstreamView,
        lambda session: services.disable_upstream(session, current_actor(), upstream_id, command),
    )


@api.post("/<uuid:upstream_id>/enable")
@api.input(UpstreamVersion, arg_name="command")
@api.output(UpstreamView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def enable(upstream_id: UUID, command: UpstreamVersion) -> UpstreamView:
    """Open a provider again; its roles come back with each next sign-in."""
    return write(
        UpstreamView,
        lambda session: services.enable_upstream(session, current_actor(), upstream_id, command),
    )


@api.post("/<uuid:upstream_id>/roles")
@api.input(MapRole, arg_name="command")
@api.output(UpstreamView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def map_role(upstream_id: UUID, command: MapRole) -> UpstreamView:
    """Let a value of the role claim give a role from each one's next sign-in on; again, it is the
    same rule.
    """
    return write(
        UpstreamView,
        lambda session: services.map_role(session, current_actor(), upstream_id, command),
    )


@api.delete("/<uuid:upstream_id>/roles/<uuid:rule_id>")
@api.output(UpstreamView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def unmap_role(upstream_id: UUID, rule_id: UUID) -> UpstreamView:
    """Take a rule away; roles that no other rule gives any more end at once."""
    command = UnmapRole(rule_id=rule_id)
    return write(
        UpstreamView,
        lambda session: services.unmap_role(session, current_actor(), upstream_id, command),
    )
