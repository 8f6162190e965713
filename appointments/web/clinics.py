"""/appointments/schedule/templates, /copy, /exceptions: what sessions are opened from."""

from datetime import date
from typing import TypeAlias
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appointments.queries.planning import (
    get_template,
    list_exceptions_of,
    list_templates_of,
    template_history,
    templates_of,
)
from appointments.schemas import (
    ChangeTemplate,
    CopiedWeek,
    CopyWeek,
    CreateTemplate,
    EndTemplate,
    ExceptionQuery,
    ExceptionView,
    Kind,
    SetException,
    TemplateSearch,
    TemplateView,
)
from appointments.services import calendar, templates
from appointments.web import planning
from core import clock
from core.access import Role
from core.database import transaction
from core.paging import HIGHEST_LIMIT, PageQuery
from core.searching import SearchQuery
from core.web.access import current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.history import collision
from core.web.languages import gettext
from core.web.pager import pager

ChosenDay: TypeAlias = date | None
pages = Blueprint("appointments_clinics", __name__, url_prefix="/appointments/schedule")
PERIOD = ("valid_from", "valid_until")


class Place(SearchQuery):
    """Where one plans."""

    institution_id: UUID | None = None
    department_id: UUID | None = None
    date: ChosenDay = None


@pages.get("/templates")
@open_to(Role.REGISTRAR)
def listing() -> ResponseReturnValue:
    """The weekly clinics of a department."""
    asked = read_query(Place, limit=HIGHEST_LIMIT)
    actor = current_actor()
    with transaction() as session:
        desk = planning.read_desk(session, actor, asked.institution_id)
        if desk is None:
            return render_template("appointments/no_desk.html")
        department = desk.department(asked.department_id) or next(iter(desk.departments), None)
        page = None
        if department:
            search = TemplateSearch(
                department_id=department.id,
                search=asked.search,
                cursor=asked.cursor,
                limit=asked.limit,
            )
            page = list_templates_of(session, actor, desk.institution, search)
    return render_template(
        "appointments/schedule/templates.html",
        desk=desk,
        department=department,
        page=page,
        search=asked.search,
        paging=pager(page) if page else None,
        weekdays=planning.WEEKDAYS,
    )


@pages.get("/templates/new")
@open_to(Role.REGISTRAR)
def new() -> ResponseReturnValue:
    """The form of a new weekly clinic."""
    asked = read_query(Place)
    form = blank(CreateTemplate, department_id=asked.department_id, kind=Kind.GENERAL, capacity=3)
    return _new_page(form, asked)


@pages.post("/templates/new")
@open_to(Role.REGISTRAR)
def create() -> ResponseReturnValue:
    """Begin a weekly clinic."""
    form = read_form(CreateTemplate, fee_fen=planning.fee_of(request.form.get("fee")))
    made = attempt(
        form,
        TemplateView,
        lambda session, command: templates.create_template(session, current_actor(), command),
    )
    if made is None:
        planning.typed_fee(form)
        return _new_page(form, read_query(Place))
    flash(gettext("每周门诊已建立，几分钟内按放号规则开出。"), "good")
    return redirect(url_for("appointments_clinics.show", template_id=made.id))


@pages.get("/templates/<uuid:template_id>")
@open_to(Role.REGISTRAR)
def show(template_id: UUID) -> ResponseReturnValue:
    """A weekly clinic: change it, end it, and who changed what."""
    return _template_page(template_id)


@pages.post("/templates/<uuid:template_id>")
@open_to(Role.REGISTRAR)
def change(template_id: UUID) -> ResponseReturnValue:
    """Change a weekly clinic."""
    form = read_form(
        ChangeTemplate,
        fee_fen=planning.fee_of(request.form.get("fee")),
        room=request.form.get("room", "").strip(),
        on_holidays="on_holidays" in request.form,
        **planning.emptied(*PERIOD),
    )
    done = attempt(
        form,
        TemplateView,
        lambda session, command: templates.change_template(
            session, current_actor(), template_id, command
        ),
    )
    if done is None:
        planning.typed_fee(form)
        return _template_page(template_id, form)
    if done.opened:
        said = gettext("已保存。已开出的 %(count)s 场保持不变，之后开出的按新安排。")
        flash(said % {"count": done.opened}, "good")
    else:
        flash(gettext("已保存。"), "good")
    return redirect(url_for("appointments_clinics.show", template_id=template_id))


@pages.post("/templates/<uuid:template_id>/end")
@open_to(Role.REGISTRAR)
def end(template_id: UUID) -> ResponseReturnValue:
    """No session after a last day."""
    return carry_out(
        EndTemplate,
        TemplateView,
        lambda session, command: templates.end_template(
            session, current_actor(), template_id, command
        ),
        gettext("已结束。已开出的门诊不变，需要时请停诊。"),
        url_for("appointments_clinics.show", template_id=template_id),
    )


@pages.get("/copy")
@open_to(Role.REGISTRAR)
def copy_form() -> ResponseReturnValue:
    """Copy the week of a doctor or clinic for another."""
    asked = read_query(Place)
    form = blank(
        CopyWeek,
        department_id=asked.department_id,
        to_department_id=asked.department_id,
        staff_id=request.args.get("staff_id"),
        clinic_name=request.args.get("clinic_name"),
    )
    return _copy_page(form, asked)


@pages.post("/copy")
@open_to(Role.REGISTRAR)
def copy() -> ResponseReturnValue:
    """Copy, and say which half-days were filled already."""
    form = read_form(CopyWeek)
    done = attempt(
        form,
        CopiedWeek,
        lambda session, command: templates.copy_week(session, current_actor(), command),
    )
    if done is None or form.command is None:
        return _copy_page(form, read_query(Place))
    flash(gettext("已复制 %(made)s 个半天，请补上诊室。") % {"made": done.made}, "good")
    if done.skipped:
        half_days = gettext("、").join(
            f"{gettext(planning.WEEKDAYS[weekday - 1])} {gettext(planning.HALF_DAYS[half])}"
            for weekday, half in done.skipped
        )
        flash(
            gettext("这些半天已有门诊，没有复制：%(half_days)s") % {"half_days": half_days}, "warn"
        )
    where = form.command.to_department_id
    return redirect(url_for("appointments_clinics.listing", department_id=where))


@pages.get("/exceptions")
@open_to(Role.REGISTRAR)
def exceptions() -> ResponseReturnValue:
    """The days to come that differ, and the form of another."""
    asked = read_query(Place)
    return _exceptions_page(blank(SetException, template_id=request.args.get("template_id")), asked)


@pages.post("/exceptions")
@open_to(Role.REGISTRAR)
def set_exception() -> ResponseReturnValue:
    """Close a day, or give it another capacity."""
    asked = read_query(Place)
    form = read_form(SetException)
    done = attempt(
        form,
        ExceptionView,
        lambda session, command: calendar.set_exception(session, current_actor(), command),
    )
    if done is None:
        return _exceptions_page(form, asked)
    flash(gettext("已登记。"), "good")
    if done.opened:
        said = gettext("这一天已开出 %(count)s 场，保持不变。不能开诊的请停诊，患者会收到通知。")
        flash(said % {"count": done.opened}, "warn")
    return redirect(url_for("appointments_clinics.exceptions", institution_id=done.institution_id))


@pages.post("/exceptions/<uuid:exception_id>/remove")
@open_to(Role.REGISTRAR)
def remove_exception(exception_id: UUID) -> ResponseReturnValue:
    """The day is as usual again."""
    return carry_out(
        planning.Pressed,
        ExceptionView,
        lambda session, _: calendar.remove_exception(session, current_actor(), exception_id),
        gettext("已取消，这一天照常开诊。"),
        url_for(
            "appointments_clinics.exceptions", institution_id=request.form.get("institution_id")
        ),
    )


def _new_page(form: Form[CreateTemplate], asked: Place) -> ResponseReturnValue:
    with transaction() as session:
        desk = planning.need_desk(session, current_actor(), asked.institution_id)
        offered = _offered()
        offered["department_id"] = planning.department_choices(desk.departments)
        offered["staff_id"] = planning.doctors(session, desk.institution.id, asked.department_id)
    page = render_template(
        "appointments/schedule/template_form.html", form=form, desk=desk, offered=offered
    )
    return page, form.status


def _template_page(
    template_id: UUID, typed: Form[ChangeTemplate] | None = None
) -> ResponseReturnValue:
    with transaction() as session:
        view = get_template(session, current_actor(), template_id)
        changes = template_history(session, template_id, read_query(PageQuery))
    values = {**view.model_dump(mode="json"), "fee": planning.yuan_of(view.fee_fen)}
    form = typed or blank(ChangeTemplate, **values)
    page = render_template(
        "appointments/schedule/template.html",
        view=view,
        form=form,
        offered=_offered(),
        collided=collision(form, view, planning.LABELS, planning.HISTORY_CODES),
        history=planning.history_in_words(changes.items, planning.LABELS),
        paging=pager(changes),
        weekdays=planning.WEEKDAYS,
        today=clock.today(),
    )
    return page, form.status


def _copy_page(form: Form[CopyWeek], asked: Place) -> ResponseReturnValue:
    with transaction() as session:
        desk = planning.need_desk(session, current_actor(), asked.institution_id)
        offered = {
            "departments": planning.department_choices(desk.departments),
            "doctors": planning.doctors(session, desk.institution.id, None),
        }
    page = render_template("appointments/schedule/copy.html", form=form, desk=desk, offered=offered)
    return page, form.status


def _exceptions_page(form: Form[SetException], asked: Place) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        desk = planning.read_desk(session, actor, asked.institution_id)
        if desk is None:
            return render_template("appointments/no_desk.html")
        query = ExceptionQuery(institution_id=desk.institution.id, cursor=asked.cursor)
        page = list_exceptions_of(session, actor, desk.institution, query)
        choices: planning.Choices = []
        department = desk.department(asked.department_id)
        if department:
            search = TemplateSearch(department_id=department.id, limit=HIGHEST_LIMIT)
            choices = [
                (str(each.id), _half_day_of(each)) for each in templates_of(session, search).items
            ]
    html = render_template(
        "appointments/schedule/exceptions.html",
        desk=desk,
        department=department,
        page=page,
        paging=pager(page),
        form=form,
        templates=choices,
        today=clock.today(),
    )
    return html, form.status


def _half_day_of(view: TemplateView) -> str:
    weekday = gettext(planning.WEEKDAYS[view.weekday - 1])
    return f"{view.clinic_name} · {weekday} {gettext(planning.HALF_DAYS[view.half_day])}"


def _offered() -> dict[str, planning.Choices]:
    return {
        "kind": planning.words(planning.KINDS),
        "weekday": planning.weekday_choices(),
        "half_day": planning.words(planning.HALF_DAYS),
    }
