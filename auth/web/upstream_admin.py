"""/admin/upstreams: which other institutions' accounts open the doors here, and on what terms."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auth.organisation import UnitKind
from auth.queries.accounts import units_to_grant
from auth.queries.upstream import (
    get_upstream,
    list_rules,
    list_upstreams,
    upstream_history,
)
from auth.schemas import UnitSearch
from auth.schemas.upstream import (
    MAPPED_ROLES,
    UPSTREAM_LABELS,
    ChangeUpstream,
    MapRole,
    RegisterUpstream,
    UnmapRole,
    UpstreamVersion,
    UpstreamView,
)
from auth.services import upstream_administration as services
from auth.services.grants import UNIT_KINDS
from auth.web.application_words import ICON_LABELS, icon_choices
from auth.web.offered import ROLE_NOTES
from auth.web.upstream import redirect_uri
from core.access import Role
from core.database import transaction
from core.errors import Conflict, Invalid
from core.paging import PageQuery
from core.roles import ROLE_NAMES
from core.web.access import current_actor, open_to
from core.web.actions import carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.history import collision, in_words
from core.web.languages import gettext
from core.web.pager import pager
from core.web.writes import write

pages = Blueprint("auth_upstreams", __name__, url_prefix="/admin/upstreams")
WORDS = {"icon": ICON_LABELS}


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """All providers of the region."""
    with transaction() as session:
        found = list_upstreams(session, current_actor())
    return render_template("auth/upstream/admin/upstreams.html", found=found)


@pages.get("/<uuid:upstream_id>")
@open_to(Role.ADMINISTRATOR)
def show(upstream_id: UUID) -> ResponseReturnValue:
    """A provider: its terms, and which of its claims give which roles."""
    with transaction() as session:
        upstream = get_upstream(session, current_actor(), upstream_id)
        rules = list_rules(session, upstream_id)
    return _page(
        upstream,
        tab="overview",
        rules=rules,
        redirect_uri=redirect_uri(upstream_id),
        roles=ROLE_NAMES,
    )


@pages.get("/<uuid:upstream_id>/history")
@open_to(Role.ADMINISTRATOR)
def history(upstream_id: UUID) -> ResponseReturnValue:
    """Who changed what, when."""
    with transaction() as session:
        upstream, found = upstream_history(
            session, current_actor(), upstream_id, read_query(PageQuery)
        )
    return _page(
        upstream,
        tab="history",
        history=in_words(found.items, UPSTREAM_LABELS, WORDS),
        pager=pager(found),
    )


@pages.get("/new")
@open_to(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """The form of a new provider."""
    with transaction() as session:
        list_upstreams(session, current_actor())  # whoever may not see them may not add to them
    start = blank(RegisterUpstream, scopes="openid profile", linking="true")
    return _form(start, 200)


@pages.post("/new")
@open_to(Role.ADMINISTRATOR)
def create() -> ResponseReturnValue:
    """Let people sign in with a provider."""
    form = read_form(RegisterUpstream, **_ticked())
    command = form.command
    if command is None:
        return _form(form, 422)
    try:
        made = write(
            UpstreamView,
            lambda session: services.register_upstream(session, current_actor(), command),
        )
    except (Conflict, Invalid) as error:
        return _form(form, form.fail(error))
    flash(gettext("已登记，登录页上可以选它了。请把下面的回调地址交给对方登记。"), "good")
    return redirect(url_for("auth_upstreams.show", upstream_id=made.id))


@pages.get("/<uuid:upstream_id>/edit")
@open_to(Role.ADMINISTRATOR)
def edit(upstream_id: UUID) -> ResponseReturnValue:
    """The form of a provider as it stands."""
    with transaction() as session:
        upstream = get_upstream(session, current_actor(), upstream_id)
    return _form(blank(ChangeUpstream, **_typed(upstream)), 200, upstream)


@pages.post("/<uuid:upstream_id>/edit")
@open_to(Role.ADMINISTRATOR)
def change(upstream_id: UUID) -> ResponseReturnValue:
    """Change a provider's terms."""
    form = read_form(ChangeUpstream, **_ticked())
    command = form.command
    refusal = 422
    if command is not None:
        try:
            write(
                UpstreamView,
                lambda session: services.change_upstream(
                    session, current_actor(), upstream_id, command
                ),
            )
        except (Conflict, Invalid) as error:
            refusal = form.fail(error)
        else:
            flash(gettext("已保存。"), "good")
            return redirect(url_for("auth_upstreams.show", upstream_id=upstream_id))
    with transaction() as session:
        upstream = get_upstream(session, current_actor(), upstream_id)
    return _form(form, refusal, upstream)


@pages.post("/<uuid:upstream_id>/disable")
@open_to(Role.ADMINISTRATOR)
def disable(upstream_id: UUID) -> ResponseReturnValue:
    """Close a provider at once."""
    return carry_out(
        UpstreamVersion,
        UpstreamView,
        lambda session, command: services.disable_upstream(
            session, current_actor(), upstream_id, command
        ),
        gettext("已停用。用它登录的人已退出，它带来的角色已收回。"),
        url_for("auth_upstreams.show", upstream_id=upstream_id),
    )


@pages.post("/<uuid:upstream_id>/enable")
@open_to(Role.ADMINISTRATOR)
def enable(upstream_id: UUID) -> ResponseReturnValue:
    """Open a provider again."""
    return carry_out(
        UpstreamVersion,
        UpstreamView,
        lambda session, command: services.enable_upstream(
            session, current_actor(), upstream_id, command
        ),
        gettext("已恢复，登录页上可以选它了。"),
        url_for("auth_upstreams.show", upstream_id=upstream_id),
    )


@pages.get("/<uuid:upstream_id>/roles")
@open_to(Role.ADMINISTRATOR)
def roles(upstream_id: UUID) -> ResponseReturnValue:
    """Choose a role, the unit it is to hold on, and the value that gives it."""
    return _role_form(upstream_id, blank(MapRole, role=request.args.get("role")), 200)


@pages.post("/<uuid:upstream_id>/roles")
@open_to(Role.ADMINISTRATOR)
def map_role(upstream_id: UUID) -> ResponseReturnValue:
    """Let a value of the role claim give a role."""
    form = read_form(MapRole)
    command = form.command
    if command is None:
        return _role_form(upstream_id, form, 422)
    try:
        write(
            UpstreamView,
            lambda session: services.map_role(session, current_actor(), upstream_id, command),
        )
    except (Conflict, Invalid) as error:
        return _role_form(upstream_id, form, form.fail(error))
    flash(gettext("已添加，每个人下次用它登录时生效。"), "good")
    return redirect(url_for("auth_upstreams.show", upstream_id=upstream_id))


@pages.post("/<uuid:upstream_id>/roles/end")
@open_to(Role.ADMINISTRATOR)
def unmap_role(upstream_id: UUID) -> ResponseReturnValue:
    """Take a rule away."""
    return carry_out(
        UnmapRole,
        UpstreamView,
        lambda session, command: services.unmap_role(
            session, current_actor(), upstream_id, command
        ),
        gettext("已删除，它带来的角色已收回。"),
        url_for("auth_upstreams.show", upstream_id=upstream_id),
    )


def _page(upstream: UpstreamView, **more: object) -> str:
    return render_template("auth/upstream/admin/upstream.html", upstream=upstream, **more)


def _ticked() -> dict[str, object]:
    """Boxes that were not ticked are not sent."""
    return {name: name in request.form for name in ("linking", "just_in_time")}


def _typed(upstream: UpstreamView) -> dict[str, object]:
    """A provider as its form has it."""
    values: dict[str, object] = {}
    for name, value in upstream.model_dump(mode="json").items():
        values[name] = " ".join(value) if isinstance(value, list) else value or ""
    return values


def _form(
    form: Form[RegisterUpstream] | Form[ChangeUpstream],
    status: int,
    upstream: UpstreamView | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "auth/upstream/admin/upstream_form.html",
        form=form,
        upstream=upstream,
        icons=icon_choices(),
        collided=collision(form, upstream, UPSTREAM_LABELS, WORDS) if upstream else [],
    )
    return page, status


def _role_form(upstream_id: UUID, form: Form[MapRole], status: int) -> ResponseReturnValue:
    chosen = form.values.get("role")
    role = Role(chosen) if chosen in MAPPED_ROLES else None
    wanted = read_query(UnitSearch).unit_name
    kinds: set[UnitKind] = UNIT_KINDS[role] if role else set()
    with transaction() as session:
        upstream = get_upstream(session, current_actor(), upstream_id)
        units = units_to_grant(session, current_actor(), kinds, wanted) if role else []
    page = render_template(
        "auth/upstream/admin/role_form.html",
        form=form,
        upstream=upstream,
        role=role,
        roles=[(r.value, gettext(ROLE_NAMES[r]), gettext(ROLE_NOTES[r])) for r in MAPPED_ROLES],
        units=[(unit.code, unit.name) for unit in units],
        unit_name=wanted,
    )
    return page, status
