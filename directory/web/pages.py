"""The home of administrators, and the page of an institution for everybody."""

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.errors import NotFound
from core.paging import HIGHEST_LIMIT
from core.web.access import ANYONE, current_actor, open_to
from directory import codes
from directory.queries import (
    get_division,
    get_institution,
    list_departments,
    list_teams,
)
from directory.queries.overview import overview
from directory.schemas import DepartmentSearch, TeamSearch
from directory.web.admin import choices

pages = Blueprint("directory", __name__)


@pages.get("/admin/")
@open_to(Role.ADMINISTRATOR)
def admin() -> ResponseReturnValue:
    """What an administrator is responsible for, and what needs attention."""
    with transaction() as session:
        view = overview(session, current_actor())
    return render_template(
        "directory/admin/home.html",
        view=view,
        changes=choices.recent_in_words(view.changes, view.names),
    )


@pages.get("/institutions/<uuid:institution_id>")
@open_to(ANYONE)
def institution(institution_id: UUID) -> ResponseReturnValue:
    """An institution as anybody may see it. Raises NotFound for one out of service."""
    whole = {"institution_id": institution_id, "limit": HIGHEST_LIMIT}
    with transaction() as session:
        view = get_institution(session, institution_id)
        if view.disabled:
            raise NotFound()
        found = {
            "division": get_division(session, view.division_code),
            "departments": list_departments(session, DepartmentSearch.model_validate(whole)).items,
            "teams": list_teams(session, TeamSearch.model_validate(whole)).items,
        }
    return render_template(
        "directory/institution.html",
        view=view,
        **found,
        types=codes.INSTITUTION_TYPES,
        ownerships=codes.OWNERSHIPS,
    )
