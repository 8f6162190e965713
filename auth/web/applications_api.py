"""/api/v1/auth/applications: registered applications, for administrators."""

from uuid import UUID

from apiflask import APIBlueprint

from auth.queries.applications import (
    application_history,
    application_usage,
    get_application,
    list_managed_applications,
)
from auth.schemas.applications import (
    ApplicationSearch,
    ApplicationVersion,
    ApplicationView,
    ChangeApplication,
    NewApplication,
    RegisterApplication,
    Usage,
)
from auth.services import applications as services
from auth.web.secrets import with_secret
from core.access import Role
from core.database import transaction
from core.history import ChangeView
from core.paging import Page, PageQuery
from core.web.access import current_actor, open_to
from core.web.api import SECURED, VERSION
from core.web.writes import write

api = APIBlueprint(
    "auth_applications_api",
    "auth",
    url_prefix=f"/api/{VERSION}/auth/applications",
    tag="Applications",
)


@api.get("")
@api.input(ApplicationSearch, location="query", arg_name="search")
@api.output(Page[ApplicationView])
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def applications(search: ApplicationSearch) -> Page[ApplicationView]:
    """Applications within the administrator's units."""
    with transaction() as session:
        return list_managed_applications(session, current_actor(), search)


@api.get("/<uuid:application_id>")
@api.output(ApplicationView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def application(application_id: UUID) -> ApplicationView:
    """One application; never its secret."""
    with transaction() as session:
        return get_application(session, current_actor(), application_id)


@api.get("/<uuid:application_id>/history")
@api.input(PageQuery, location="query", arg_name="page")
@api.output(Page[ChangeView])
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def history(application_id: UUID, page: PageQuery) -> Page[ChangeView]:
    """What was changed at an application, newest first."""
    with transaction() as session:
        return application_history(session, current_actor(), application_id, page)[1]


@api.get("/<uuid:application_id>/usage")
@api.output(Usage)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def usage(application_id: UUID) -> Usage:
    """Sign-ins and people on each of the last 30 days."""
    with transaction() as session:
        return application_usage(session, current_actor(), application_id)[1]


@api.post("")
@api.input(RegisterApplication, arg_name="command")
@api.output(NewApplication, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def register(command: RegisterApplication) -> NewApplication:
    """Register an application; its secret is in this answer only."""
    return with_secret(
        lambda session: services.register_application(session, current_actor(), command)
    )


@api.patch("/<uuid:application_id>")
@api.input(ChangeApplication, arg_name="command")
@api.output(ApplicationView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change(application_id: UUID, command: ChangeApplication) -> ApplicationView:
    """Change the given fields, made on the version that was read."""
    return write(
        ApplicationView,
        lambda session: services.change_application(
            session, current_actor(), application_id, command
        ),
    )


@api.post("/<uuid:application_id>/secret")
@api.input(ApplicationVersion, arg_name="command")
@api.output(NewApplication)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def stage_secret(application_id: UUID, command: ApplicationVersion) -> NewApplication:
    """Make a new secret, in this answer only; the one before works too until it is ended."""
    return with_secret(
        lambda session: services.stage_secret(session, current_actor(), application_id, command)
    )


@api.post("/<uuid:application_id>/secret/end-old")
@api.input(ApplicationVersion, arg_name="command")
@api.output(ApplicationView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def end_old_secret(application_id: UUID, command: ApplicationVersion) -> ApplicationView:
    """End the secret before."""
    return write(
        ApplicationView,
        lambda session: services.end_old_secret(session, current_actor(), application_id, command),
    )


@api.post("/<uuid:application_id>/disable")
@api.input(ApplicationVersion, arg_name="command")
@api.output(ApplicationView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def disable(application_id: UUID, command: ApplicationVersion) -> ApplicationView:
    """Stop an application; its tokens end at once."""
    return write(
        ApplicationView,
        lambda session: services.disable_application(
            session, current_actor(), application_id, command
        ),
    )


@api.post("/<uuid:application_id>/enable")
@api.input(ApplicationVersion, arg_name="command")
@api.output(ApplicationView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def enable(application_id: UUID, command: ApplicationVersion) -> ApplicationView:
    """Let people sign in to a disabled application again."""
    return write(
        ApplicationView,
        lambda session: services.enable_application(
            session, current_actor(), application_id, command
        ),
    )
