"""/admin/institutions: list, look, open, change, close."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.paging import PageQuery
from core.web.access import current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from directory import codes
from directory.queries.administration import (
    managed_departments,
    managed_institution,
    managed_institutions,
    managed_staff,
    managed_teams,
)
from directory.queries.overview import history_of
from directory.schemas import (
    AtState,
    ChangeInstitution,
    ClosedInstitution,
    CreateInstitution,
    DisableInstitution,
    InstitutionEntry,
    InstitutionView,
    Kind,
    ManagedDepartments,
    ManagedInstitutions,
    ManagedStaff,
    ManagedTeams,
)
from directory.services import institutions as services
from directory.web.admin import choices

pages = Blueprint("directory_institutions", __name__, url_prefix="/admin/institutions")


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """Institutions within the administrator's units."""
    search = read_query(ManagedInstitutions)
    actor = current_actor()
    with transaction() as session:
        found = managed_institutions(session, actor, search)
        places = choices.divisions(session, actor)
    return render_template(
        "directory/admin/institutions.html",
        found=found,
        search=search,
        divisions=places,
        may_open=_may_open(),
        pager=pager(found),
        types=codes.INSTITUTION_TYPES,
    )


@pages.get("/<uuid:institution_id>")
@open_to(Role.ADMINISTRATOR)
def show(institution_id: UUID) -> ResponseReturnValue:
    """An institution at a glance."""
    with transaction() as session:
        entry = managed_institution(session, current_actor(), institution_id)
    return render_template(
        "directory/admin/institution.html",
        entry=entry,
        tab="overview",
        may_close=_may_open(),
        types=codes.INSTITUTION_TYPES,
        ownerships=codes.OWNERSHIPS,
    )


@pages.get("/<uuid:institution_id>/departments")
@open_to(Role.ADMINISTRATOR)
def departments(institution_id: UUID) -> ResponseReturnValue:
    """Its departments."""
    search = read_query(ManagedDepartments, institution_id=institution_id)
    with transaction() as session:
        entry = managed_institution(session, current_actor(), institution_id)
        found = managed_departments(session, current_actor(), search)
    return render_template(
        "directory/admin/institution.html",
        entry=entry,
        tab="departments",
        search=search,
        found=found,
        pager=pager(found),
    )


@pages.get("/<uuid:institution_id>/staff")
@open_to(Role.ADMINISTRATOR)
def staff(institution_id: UUID) -> ResponseReturnValue:
    """Its staff."""
    search = read_query(ManagedStaff, institution_id=institution_id)
    with transaction() as session:
        entry = managed_institution(session, current_actor(), institution_id)
        found = managed_staff(session, current_actor(), search)
    return render_template(
        "directory/admin/institution.html",
        entry=entry,
        tab="staff",
        search=search,
        found=found,
        pager=pager(found),
        professions=codes.PROFESSIONS,
    )


@pages.get("/<uuid:institution_id>/teams")
@open_to(Role.ADMINISTRATOR)
def teams(institution_id: UUID) -> ResponseReturnValue:
    """Its teams."""
    search = read_query(ManagedTeams, institution_id=institution_id)
    with transaction() as session:
        entry = managed_institution(session, current_actor(), institution_id)
        found = managed_teams(session, current_actor(), search)
    return render_template(
        "directory/admin/institution.html",
        entry=entry,
        tab="teams",
        search=search,
        found=found,
        pager=pager(found),
    )


@pages.get("/<uuid:institution_id>/history")
@open_to(Role.ADMINISTRATOR)
def history(institution_id: UUID) -> ResponseReturnValue:
    """Who changed what, when."""
    with transaction() as session:
        entry = managed_institution(session, current_actor(), institution_id)
        found = history_of(
            session, current_actor(), Kind.INSTITUTION, institution_id, read_query(PageQuery)
        )
    return render_template(
        "directory/admin/institution.html",
        entry=entry,
        tab="history",
        history=choices.history_in_words(found.items),
        pager=pager(found),
    )


@pages.get("/new")
@open_to(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """The form of a new institution."""
    return _form(blank(CreateInstitution, ownership="public"))


@pages.post("/new")
@open_to(Role.ADMINISTRATOR)
def create() -> ResponseReturnValue:
    """Open an institution."""
    form = read_form(CreateInstitution)
    made = attempt(
        form,
        InstitutionView,
        lambda session, command: services.create_institution(session, current_actor(), command),
    )
    if made is None:
        return _form(form)
    flash(gettext("已登记%(name)s。下一步：添加科室和人员。", name=made.name), "good")
    return redirect(url_for("directory_institutions.show", institution_id=made.id))


@pages.get("/<uuid:institution_id>/edit")
@open_to(Role.ADMINISTRATOR)
def edit(institution_id: UUID) -> ResponseReturnValue:
    """The form of an institution as it stands."""
    with transaction() as session:
        entry = managed_institution(session, current_actor(), institution_id)
    values = entry.model_dump(mode="json") | {"bookable": "true" if entry.bookable else ""}
    return _form(blank(ChangeInstitution, **values), entry)


@pages.post("/<uuid:institution_id>/edit")
@open_to(Role.ADMINISTRATOR)
def change(institution_id: UUID) -> ResponseReturnValue:
    """Change an institution."""
    ticked = {"bookable": bool(choices.emptied("bookable")["bookable"])}
    form = read_form(ChangeInstitution, **choices.emptied("level", "address"), **ticked)
    done = attempt(
        form,
        InstitutionView,
        lambda session, command: services.change_institution(
            session, current_actor(), institution_id, command
        ),
    )
    if done is None:
        with transaction() as session:
            entry = managed_institution(session, current_actor(), institution_id)
        return _form(form, entry)
    flash(gettext("已保存。"), "good")
    return redirect(url_for("directory_institutions.show", institution_id=institution_id))


@pages.post("/<uuid:institution_id>/disable")
@open_to(Role.ADMINISTRATOR)
def disable(institution_id: UUID) -> ResponseReturnValue:
    """Close an institution, with all it runs where that was confirmed."""
    return carry_out(
        DisableInstitution,
        ClosedInstitution,
        lambda session, command: services.disable_institution(
            session, current_actor(), institution_id, command
        ),
        gettext("机构已停用，居民和其他页面不再看到它。"),
        url_for("directory_institutions.show", institution_id=institution_id),
    )


@pages.post("/<uuid:institution_id>/enable")
@open_to(Role.ADMINISTRATOR)
def enable(institution_id: UUID) -> ResponseReturnValue:
    """Open a closed institution again."""
    return carry_out(
        AtState,
        InstitutionView,
        lambda session, command: services.enable_institution(
            session, current_actor(), institution_id, command
        ),
        gettext("机构已恢复。科室、团队和人员请逐项恢复。"),
        url_for("directory_institutions.show", institution_id=institution_id),
    )


def _may_open() -> bool:
    """Whether to offer what is for the administrators of a division; the policy decides."""
    return any(unit.isdigit() for unit in current_actor().units(Role.ADMINISTRATOR))


def _form(
    form: Form[CreateInstitution] | Form[ChangeInstitution],
    entry: InstitutionEntry | None = None,
) -> ResponseReturnValue:
    with transaction() as session:
        offered = {
            "division_code": choices.divisions(session, current_actor()),
            "type_code": choices.translated_choices(codes.INSTITUTION_TYPES),
            "ownership": choices.translated_choices(codes.OWNERSHIPS),
            "level": choices.level_choices(),
        }
    collided = choices.collided(form, entry, offered) if entry else []
    page = render_template(
        "directory/admin/institution_form.html",
        form=form,
        entry=entry,
        offered=offered,
        collided=collided,
    )
    return page, form.status
