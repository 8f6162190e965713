"""/admin/applications: which applications may sign people in, who sees them, how they are used."""

import json
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from auth.organisation import Unit
from auth.queries.accounts import units_to_grant
from auth.queries.applications import (
    application_history,
    application_usage,
    get_application,
    list_managed_applications,
)
from auth.queries.upstream import may_administer
from auth.schemas import Scope, UnitSearch
from auth.schemas.applications import (
    APPLICATION_LABELS,
    ApplicationSearch,
    ApplicationVersion,
    ApplicationView,
    ChangeApplication,
    RegisterApplication,
    Usage,
)
from auth.schemas.sso import GrantType, SigningAlgorithm
from auth.services import applications as services
from auth.web.application_words import (
    AUDIENCE_LABELS,
    GRANT_LABELS,
    ICON_LABELS,
    SCOPE_LABELS,
    icon_choices,
)
from auth.web.secrets import with_secret
from core.access import Role
from core.database import transaction
from core.errors import Conflict, Invalid
from core.paging import PageQuery
from core.web.access import current_actor, open_to
from core.web.actions import carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.history import collision, in_words
from core.web.languages import gettext
from core.web.pager import pager
from core.web.problems import translated
from core.web.writes import write

pages = Blueprint("auth_applications", __name__, url_prefix="/admin/applications")
WORDS = {
    "icon": ICON_LABELS,
    "audience": AUDIENCE_LABELS,
    "scopes": SCOPE_LABELS,
    "grants": GRANT_LABELS,
}
OVERVIEW = {"audiences": AUDIENCE_LABELS, "scopes": SCOPE_LABELS, "grants": GRANT_LABELS}
C = TypeVar("C", bound=BaseModel)
LISTS = (
    "audience", "grants", "scopes", "service_scopes", "guarded_scopes", "redirect_uris",
    "post_logout_redirect_uris",
)  # fmt: skip


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """Applications within the administrator's units."""
    search = read_query(ApplicationSearch)
    with transaction() as session:
        found = list_managed_applications(session, current_actor(), search)
        doors = may_administer(session, current_actor())
    return render_template(
        "auth/applications_admin/applications.html",
        found=found,
        search=search,
        doors=doors,
        pager=pager(found),
        audiences=AUDIENCE_LABELS,
    )


@pages.get("/<uuid:application_id>")
@open_to(Role.ADMINISTRATOR)
def show(application_id: UUID) -> ResponseReturnValue:
    """An application at a glance."""
    with transaction() as session:
        application = get_application(session, current_actor(), application_id)
    return _page(application, tab="overview", **OVERVIEW)


@pages.get("/<uuid:application_id>/usage")
@open_to(Role.ADMINISTRATOR)
def usage(application_id: UUID) -> ResponseReturnValue:
    """How it was used in the last month."""
    with transaction() as session:
        application, used = application_usage(session, current_actor(), application_id)
    return _page(
        application, tab="usage", usage=used, chart=_chart(used), service=_service_chart(used)
    )


@pages.get("/<uuid:application_id>/history")
@open_to(Role.ADMINISTRATOR)
def history(application_id: UUID) -> ResponseReturnValue:
    """Who changed what, when."""
    with transaction() as session:
        application, found = application_history(
            session, current_actor(), application_id, read_query(PageQuery)
        )
    return _page(
        application,
        tab="history",
        history=in_words(found.items, APPLICATION_LABELS, WORDS),
        pager=pager(found),
    )


@pages.get("/new")
@open_to(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """The form of a new application."""
    start = blank(
        RegisterApplication,
        icon="apps",
        grants=GrantType.CODE,
        scopes="openid profile",
        algorithm=SigningAlgorithm.ES256,
    )
    return _form(start, 200)


@pages.post("/new")
@open_to(Role.ADMINISTRATOR)
def create() -> ResponseReturnValue:
    """Register an application and show its secret this once."""
    form = _read(RegisterApplication, public="public" in request.form, **_extras())
    command = form.command
    if command is None:
        return _form(form, 422)
    try:
        made = with_secret(
            lambda session: services.register_application(session, current_actor(), command)
        )
    except (Conflict, Invalid) as error:
        return _form(form, form.fail(error))
    return render_template("auth/applications_admin/secret.html", made=made)


@pages.get("/<uuid:application_id>/edit")
@open_to(Role.ADMINISTRATOR)
def edit(application_id: UUID) -> ResponseReturnValue:
    """The form of an application as it stands."""
    with transaction() as session:
        application = get_application(session, current_actor(), application_id)
    values = application.model_dump(mode="json")
    values |= {name: "\n".join(values[name]) for name in LISTS}
    values["jwks"] = json.dumps(application.jwks, indent=1) if application.jwks else ""
    return _form(blank(ChangeApplication, **values), 200, application)


@pages.post("/<uuid:application_id>/edit")
@open_to(Role.ADMINISTRATOR)
def change(application_id: UUID) -> ResponseReturnValue:
    """Change an application."""
    emptied = {name: request.form.get(name, "").strip() or None for name in services.REMOVABLE}
    form = _read(ChangeApplication, **emptied, **_extras())
    command = form.command
    refusal = 422
    if command is not None:
        try:
            write(
                ApplicationView,
                lambda session: services.change_application(
                    session, current_actor(), application_id, command
                ),
            )
        except (Conflict, Invalid) as error:
            refusal = form.fail(error)
        else:
            flash(gettext("已保存。"), "good")
            return redirect(url_for("auth_applications.show", application_id=application_id))
    with transaction() as session:
        application = get_application(session, current_actor(), application_id)
    return _form(form, refusal, application)


@pages.post("/<uuid:application_id>/secret")
@open_to(Role.ADMINISTRATOR)
def stage_secret(application_id: UUID) -> ResponseReturnValue:
    """Make a new secret and show it this once; the one before goes on working."""
    command = read_form(ApplicationVersion).command
    if command is None:
        raise Invalid()
    try:
        made = with_secret(
            lambda session: services.stage_secret(session, current_actor(), application_id, command)
        )
    except Conflict as error:
        flash(translated(error.message), "bad")
        return redirect(url_for("auth_applications.show", application_id=application_id))
    return render_template("auth/applications_admin/secret.html", made=made)


@pages.post("/<uuid:application_id>/secret/end-old")
@open_to(Role.ADMINISTRATOR)
def end_old_secret(application_id: UUID) -> ResponseReturnValue:
    """End the secret before."""
    return carry_out(
        ApplicationVersion,
        ApplicationView,
        lambda session, command: services.end_old_secret(
            session, current_actor(), application_id, command
        ),
        gettext("旧密钥已停用，只有新密钥有效。"),
        url_for("auth_applications.show", application_id=application_id),
    )


@pages.post("/<uuid:application_id>/disable")
@open_to(Role.ADMINISTRATOR)
def disable(application_id: UUID) -> ResponseReturnValue:
    """Stop an application at once."""
    return carry_out(
        ApplicationVersion,
        ApplicationView,
        lambda session, command: services.disable_application(
            session, current_actor(), application_id, command
        ),
        gettext("应用已停用，不能再用这里的账号登录它。"),
        url_for("auth_applications.show", application_id=application_id),
    )


@pages.post("/<uuid:application_id>/enable")
@open_to(Role.ADMINISTRATOR)
def enable(application_id: UUID) -> ResponseReturnValue:
    """Let people sign in to a disabled application again."""
    return carry_out(
        ApplicationVersion,
        ApplicationView,
        lambda session, command: services.enable_application(
            session, current_actor(), application_id, command
        ),
        gettext("应用已恢复，可以用这里的账号登录。"),
        url_for("auth_applications.show", application_id=application_id),
    )


def _page(application: ApplicationView, **more: object) -> str:
    return render_template(
        "auth/applications_admin/application.html", application=application, **more
    )


def _read(command: type[C], **fixed: object) -> Form[C]:
    """The form; a list of which nothing is ticked is not sent, and means none."""
    given = {name: request.form.getlist(name) for name in LISTS}
    form = read_form(command, **given, **fixed)
    form.values |= {name: "\n".join(values) for name, values in given.items()}
    return form


def _extras() -> dict[str, object]:
    """A box that is not ticked is not sent, and a text area that is empty means none."""
    return {"require_par": "require_par" in request.form} | (
        {"jwks": keys} if (keys := request.form.get("jwks", "").strip()) else {}
    )


def _form(
    form: Form[RegisterApplication] | Form[ChangeApplication],
    status: int,
    application: ApplicationView | None = None,
) -> ResponseReturnValue:
    with transaction() as session:
        units = units_to_grant(
            session, current_actor(), services.PLACES, read_query(UnitSearch).unit_name
        )
    page = render_template(
        "auth/applications_admin/application_form.html",
        form=form,
        application=application,
        units=_places(units, application),
        icons=icon_choices(),
        audiences=[(role, gettext(label)) for role, label in AUDIENCE_LABELS.items()],
        scopes=[(s, gettext(label)) for s, label in SCOPE_LABELS.items() if s != Scope.OPENID],
        grants=[(grant, gettext(label)) for grant, label in GRANT_LABELS.items()],
        algorithms=[(a.value, a.value) for a in SigningAlgorithm],
        collided=collision(form, application, APPLICATION_LABELS, WORDS) if application else [],
    )
    return page, status


def _places(units: Sequence[Unit], application: ApplicationView | None) -> list[tuple[str, str]]:
    """Where it can be; first where it is, be it closed by now."""
    offered = {unit.code: unit.name for unit in units}
    if application and application.unit and application.unit_name:
        offered = {application.unit: application.unit_name} | offered
    return list(offered.items())


def _service_chart(used: Usage) -> dict[str, object] | None:
    """Of what it took by itself; None where that was nothing."""
    if not used.tokens:
        return None
    values = [day.tokens for day in used.days]
    return {
        "kind": "line",
        "labels": _labels(used),
        "series": [{"name": gettext("自己取凭证的次数"), "values": values}],
    }


def _labels(used: Usage) -> list[str]:
    return [f"{day.day:%m-%d}" for day in used.days]


def _chart(used: Usage) -> dict[str, object]:
    """docs/ui.md, charts."""
    return {
        "kind": "line",
        "labels": _labels(used),
        "series": [
            {"name": gettext("登录次数"), "values": [day.sign_ins for day in used.days]},
            {"name": gettext("人数"), "values": [day.people for day in used.days]},
        ],
    }
