"""/admin/staff: list, look, register, change, close, and give a sign-in."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.errors import Conflict, Invalid
from core.paging import PageQuery
from core.web.access import current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from directory import codes
from directory.queries.administration import (
    managed_person,
    managed_staff,
)
from directory.queries.overview import history_of
from directory.schemas import (
    AtState,
    ChangeStaff,
    ClosedStaff,
    CreateStaff,
    Kind,
    ManagedStaff,
    OpenStaffAccount,
    StaffEntry,
    StaffView,
)
from directory.services import staff as services
from directory.web.admin import choices
from directory.web.admin.accounts import open_account

pages = Blueprint("directory_staff", __name__, url_prefix="/admin/staff")


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """Staff within the administrator's units."""
    search = read_query(ManagedStaff)
    actor = current_actor()
    with transaction() as session:
        found = managed_staff(session, actor, search)
        offered = choices.institutions(session, actor)
    return render_template(
        "directory/admin/staff.html",
        found=found,
        search=search,
        institutions=offered,
        pager=pager(found),
        professions=codes.PROFESSIONS,
    )


@pages.get("/<uuid:staff_id>")
@open_to(Role.ADMINISTRATOR)
def show(staff_id: UUID) -> ResponseReturnValue:
    """One of the staff at a glance."""
    return _person(staff_id, blank(OpenStaffAccount))


@pages.get("/<uuid:staff_id>/history")
@open_to(Role.ADMINISTRATOR)
def history(staff_id: UUID) -> ResponseReturnValue:
    """Who changed what, when."""
    with transaction() as session:
        entry = managed_person(session, current_actor(), staff_id)
        found = history_of(session, current_actor(), Kind.STAFF, staff_id, read_query(PageQuery))
    return render_template(
        "directory/admin/person.html",
        entry=entry,
        tab="history",
        history=choices.history_in_words(found.items),
        pager=pager(found),
    )


@pages.get("/new")
@open_to(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """Choose the institution, then the form of somebody new there."""
    return _new_form(blank(CreateStaff, institution_id=request.args.get("institution_id")))


@pages.post("/new")
@open_to(Role.ADMINISTRATOR)
def create() -> ResponseReturnValue:
    """Register somebody."""
    form = read_form(CreateStaff)
    made = attempt(
        form,
        StaffView,
        lambda session, command: services.create_staff(session, current_actor(), command),
    )
    if made is None:
        return _new_form(form)
    flash(gettext("已登记%(name)s。需要登录时，可在本页开通账号。", name=made.name), "good")
    return redirect(url_for("directory_staff.show", staff_id=made.id))


@pages.get("/<uuid:staff_id>/edit")
@open_to(Role.ADMINISTRATOR)
def edit(staff_id: UUID) -> ResponseReturnValue:
    """The form of an entry as it stands."""
    with transaction() as session:
        entry = managed_person(session, current_actor(), staff_id)
    return _change_form(blank(ChangeStaff, **entry.model_dump(mode="json")), entry)


@pages.post("/<uuid:staff_id>/edit")
@open_to(Role.ADMINISTRATOR)
def change(staff_id: UUID) -> ResponseReturnValue:
    """Change an entry."""
    none = {} if request.form.get("department_id") else {"department_id": None}
    form = read_form(ChangeStaff, **choices.emptied("title", "introduction"), **none)
    done = attempt(
        form,
        StaffView,
        lambda session, command: services.change_staff(session, current_actor(), staff_id, command),
    )
    if done is None:
        with transaction() as session:
            entry = managed_person(session, current_actor(), staff_id)
        return _change_form(form, entry)
    flash(gettext("已保存。"), "good")
    return redirect(url_for("directory_staff.show", staff_id=staff_id))


@pages.post("/<uuid:staff_id>/disable")
@open_to(Role.ADMINISTRATOR)
def disable(staff_id: UUID) -> ResponseReturnValue:
    """End somebody's work here."""
    return carry_out(
        AtState,
        ClosedStaff,
        lambda session, command: services.disable_staff(
            session, current_actor(), staff_id, command
        ),
        gettext("人员已停用，团队权限已收回。账号如不再使用，请到账号页面停用。"),
        url_for("directory_staff.show", staff_id=staff_id),
    )


@pages.post("/<uuid:staff_id>/enable")
@open_to(Role.ADMINISTRATOR)
def enable(staff_id: UUID) -> ResponseReturnValue:
    """Take somebody back."""
    return carry_out(
        AtState,
        StaffView,
        lambda session, command: services.enable_staff(session, current_actor(), staff_id, command),
        gettext("人员已恢复。需要时，请重新加入团队。"),
        url_for("directory_staff.show", staff_id=staff_id),
    )


@pages.post("/<uuid:staff_id>/account")
@open_to(Role.ADMINISTRATOR)
def account(staff_id: UUID) -> ResponseReturnValue:
    """Open a sign-in and show its password this once."""
    form = read_form(OpenStaffAccount)
    command = form.command
    if command is None:
        return _person(staff_id, form)
    try:
        made = open_account(staff_id, command)
    except (Conflict, Invalid) as error:
        form.fail(error)
        return _person(staff_id, form)
    return render_template("directory/admin/opened_account.html", made=made)


def _person(staff_id: UUID, form: Form[OpenStaffAccount]) -> ResponseReturnValue:
    with transaction() as session:
        entry = managed_person(session, current_actor(), staff_id)
    page = render_template(
        "directory/admin/person.html",
        entry=entry,
        tab="overview",
        form=form,
        professions=codes.PROFESSIONS,
    )
    return page, form.status


def _new_form(form: Form[CreateStaff]) -> ResponseReturnValue:
    with transaction() as session:
        institutions = choices.institutions(session, current_actor())
        chosen = form.values.get("institution_id") or choices.only(institutions)
        form.values["institution_id"] = chosen
        offered = {
            "institution_id": institutions,
            "department_id": choices.departments(session, chosen),
            "profession": choices.translated_choices(codes.PROFESSIONS),
        }
    page = render_template(
        "directory/admin/staff_form.html", form=form, entry=None, offered=offered, collided=[]
    )
    return page, form.status


def _change_form(form: Form[ChangeStaff], entry: StaffEntry) -> ResponseReturnValue:
    with transaction() as session:
        offered = {
            "department_id": choices.departments(session, str(entry.institution_id)),
            "profession": choices.translated_choices(codes.PROFESSIONS),
        }
    page = render_template(
        "directory/admin/staff_form.html",
        form=form,
        entry=entry,
        offered=offered,
        collided=choices.collided(form, entry, offered),
    )
    return page, form.status
