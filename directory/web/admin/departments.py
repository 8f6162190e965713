"""/admin/departments: list, look, open, change, close."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.paging import PageQuery
from core.web.access import current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from directory.queries.administration import (
    managed_department,
    managed_departments,
)
from directory.queries.overview import history_of
from directory.schemas import (
    AtState,
    ChangeDepartment,
    ClosedDepartment,
    CreateDepartment,
    DepartmentEntry,
    DepartmentView,
    Kind,
    ManagedDepartments,
)
from directory.services import departments as services
from directory.web.admin import choices

pages = Blueprint("directory_departments", __name__, url_prefix="/admin/departments")


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """Departments within the administrator's units."""
    search = read_query(ManagedDepartments)
    actor = current_actor()
    with transaction() as session:
        found = managed_departments(session, actor, search)
        offered = choices.institutions(session, actor)
    return render_template(
        "directory/admin/departments.html",
        found=found,
        search=search,
        institutions=offered,
        pager=pager(found),
    )


@pages.get("/<uuid:department_id>")
@open_to(Role.ADMINISTRATOR)
def show(department_id: UUID) -> ResponseReturnValue:
    """A department at a glance."""
    with transaction() as session:
        entry = managed_department(session, current_actor(), department_id)
    return render_template("directory/admin/department.html", entry=entry, tab="overview")


@pages.get("/<uuid:department_id>/history")
@open_to(Role.ADMINISTRATOR)
def history(department_id: UUID) -> ResponseReturnValue:
    """Who changed what, when."""
    with transaction() as session:
        entry = managed_department(session, current_actor(), department_id)
        found = history_of(
            session, current_actor(), Kind.DEPARTMENT, department_id, read_query(PageQuery)
        )
    return render_template(
        "directory/admin/department.html",
        entry=entry,
        tab="history",
        history=choices.history_in_words(found.items),
        pager=pager(found),
    )


@pages.get("/new")
@open_to(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """The form of a new department."""
    return _form(blank(CreateDepartment, institution_id=request.args.get("institution_id")))


@pages.post("/new")
@open_to(Role.ADMINISTRATOR)
def create() -> ResponseReturnValue:
    """Open a department."""
    form = read_form(CreateDepartment)
    made = attempt(
        form,
        DepartmentView,
        lambda session, command: services.create_department(session, current_actor(), command),
    )
    if made is None:
        return _form(form)
    flash(gettext("已开设%(name)s。下一步：把人员安排到科室。", name=made.name), "good")
    return redirect(url_for("directory_departments.show", department_id=made.id))


@pages.get("/<uuid:department_id>/edit")
@open_to(Role.ADMINISTRATOR)
def edit(department_id: UUID) -> ResponseReturnValue:
    """The form of a department as it stands."""
    with transaction() as session:
        entry = managed_department(session, current_actor(), department_id)
    return _form(blank(ChangeDepartment, **entry.model_dump(mode="json")), entry)


@pages.post("/<uuid:department_id>/edit")
@open_to(Role.ADMINISTRATOR)
def change(department_id: UUID) -> ResponseReturnValue:
    """Change a department."""
    form = read_form(ChangeDepartment, **choices.emptied("name_en", "location"))
    done = attempt(
        form,
        DepartmentView,
        lambda session, command: services.change_department(
            session, current_actor(), department_id, command
        ),
    )
    if done is None:
        with transaction() as session:
            entry = managed_department(session, current_actor(), department_id)
        return _form(form, entry)
    flash(gettext("已保存。"), "good")
    return redirect(url_for("directory_departments.show", department_id=department_id))


@pages.post("/<uuid:department_id>/disable")
@open_to(Role.ADMINISTRATOR)
def disable(department_id: UUID) -> ResponseReturnValue:
    """Close a department."""
    return carry_out(
        AtState,
        ClosedDepartment,
        lambda session, command: services.disable_department(
            session, current_actor(), department_id, command
        ),
        gettext("科室已停用。"),
        url_for("directory_departments.show", department_id=department_id),
    )


@pages.post("/<uuid:department_id>/enable")
@open_to(Role.ADMINISTRATOR)
def enable(department_id: UUID) -> ResponseReturnValue:
    """Open a closed department again."""
    return carry_out(
        AtState,
        DepartmentView,
        lambda session, command: services.enable_department(
            session, current_actor(), department_id, command
        ),
        gettext("科室已恢复使用。"),
        url_for("directory_departments.show", department_id=department_id),
    )


def _form(
    form: Form[CreateDepartment] | Form[ChangeDepartment],
    entry: DepartmentEntry | None = None,
) -> ResponseReturnValue:
    with transaction() as session:
        offered = {"specialty_code": choices.specialties(session)}
        if entry is None:
            offered["institution_id"] = choices.institutions(session, current_actor())
    page = render_template(
        "directory/admin/department_form.html",
        form=form,
        entry=entry,
        offered=offered,
        collided=choices.collided(form, entry, offered) if entry else [],
    )
    return page, form.status
