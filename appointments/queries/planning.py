"""What schedules are made of: weekly clinics, days that differ, holidays, rules."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, Holiday, Rule, Template, TemplateException
from appointments.queries.schedule import schedule_of
from appointments.schemas import (
    ExceptionQuery,
    ExceptionView,
    HolidayList,
    HolidayView,
    RulesView,
    SupplyAction,
    SupplySubject,
    TemplateSearch,
    TemplateView,
)
from core import clock, history
from core.access import Actor, Role, require
from core.errors import NotFound
from core.history import ChangeView
from core.paging import HIGHEST_LIMIT, Page, PageQuery, read_page
from core.searching import any_contains
from directory.public import (
    get_department,
    get_institution,
    in_service,
    list_institutions,
    staff_by_id,
    staff_named,
)
from directory.schemas import InstitutionSearch, InstitutionView, StaffView


def institutions_of(session: Session, actor: Actor, *roles: Role) -> list[InstitutionView]:
    """The institutions that take bookings on which the actor holds one of the roles, those of
    whole divisions by their code; teams are passed over.
    """
    found: dict[UUID, InstitutionView] = {}
    for unit in sorted(actor.units(*roles)):
        if unit.isdigit():
            search = InstitutionSearch(division=unit, bookable=True, limit=HIGHEST_LIMIT)
            found |= {each.id: each for each in list_institutions(session, search).items}
            continue
        try:
            institution = get_institution(session, UUID(unit))
        except NotFound:
            continue
        found[institution.id] = institution
    return list(found.values())


def find_template(session: Session, template_id: UUID) -> tuple[Template, InstitutionView]:
    """A weekly clinic and where it is held, for the services. Raises NotFound."""
    row = session.get(Template, template_id)
    if row is None:
        raise NotFound()
    return row, get_institution(session, row.institution_id)


def get_template(session: Session, actor: Actor, template_id: UUID) -> TemplateView:
    """Raises NotFound or Denied."""
    _, institution = find_template(session, template_id)
    require(session, actor, SupplyAction.READ_SCHEDULE, schedule_of(institution))
    return template_view(session, template_id)


def template_view(session: Session, template_id: UUID) -> TemplateView:
    """A weekly clinic, for those who have asked the policy."""
    row = session.execute(_templates().where(Template.id == template_id)).one()
    return _template_views(session, [row])[0]


def list_templates(session: Session, actor: Actor, search: TemplateSearch) -> Page[TemplateView]:
    """The weekly clinics of a department that have not ended, by weekday. Raises NotFound or
    Denied.
    """
    department = get_department(session, search.department_id)
    institution = get_institution(session, department.institution_id)
    return list_templates_of(session, actor, institution, search)


def list_templates_of(
    session: Session, actor: Actor, institution: InstitutionView, search: TemplateSearch
) -> Page[TemplateView]:
    """As ``list_templates``, where the department's institution was read already."""
    require(session, actor, SupplyAction.READ_SCHEDULE, schedule_of(institution))
    return templates_of(session, search)


def templates_of(session: Session, search: TemplateSearch) -> Page[TemplateView]:
    """As ``list_templates``, for those who have asked the policy."""
    order: list[ColumnElement[Any]] = [
        Template.weekday.expression,
        Template.half_day.expression,
        Template.id.expression,
    ]
    query = _templates(*order).where(
        Template.department_id == search.department_id,
        Template.disabled_at.is_(None),
        or_(Template.valid_until.is_(None), Template.valid_until >= clock.today()),
    )
    if search.search:
        own = any_contains(search.search, Template.clinic_name, Template.room)
        query = query.where(own | staff_named(Template.staff_id, search.search))
    rows, following = read_page(session, query, order, search)
    return Page(items=_template_views(session, rows), next_cursor=following)


def template_history(session: Session, template_id: UUID, page: PageQuery) -> Page[ChangeView]:
    """Who changed a weekly clinic. The caller has asked the policy."""
    return history.list_changes(session, page, history.about(SupplySubject.TEMPLATE, template_id))


def list_exceptions(session: Session, actor: Actor, query: ExceptionQuery) -> Page[ExceptionView]:
    """The days to come that differ at an institution, by day. Raises NotFound or Denied."""
    institution = get_institution(session, query.institution_id)
    return list_exceptions_of(session, actor, institution, query)


def list_exceptions_of(
    session: Session, actor: Actor, institution: InstitutionView, query: ExceptionQuery
) -> Page[ExceptionView]:
    """As ``list_exceptions``, where the query's institution was read already."""
    require(session, actor, SupplyAction.READ_SCHEDULE, schedule_of(institution))
    order: list[ColumnElement[Any]] = [
        TemplateException.date.expression,
        TemplateException.id.expression,
    ]
    found = _exceptions(*order).where(
        TemplateException.institution_id == query.institution_id,
        TemplateException.date >= clock.today(),
    )
    rows, following = read_page(session, found, order, query)
    return Page(items=_exception_views(session, rows), next_cursor=following)


def exception_view(session: Session, exception_id: UUID) -> ExceptionView:
    """A day that differs, for those who have asked the policy."""
    row = session.execute(_exceptions().where(TemplateException.id == exception_id)).one()
    return _exception_views(session, [row])[0]


def list_holidays(session: Session) -> HolidayList:
    """The region's holidays from today on: public, as the clinics are that they close."""
    rows = session.scalars(
        select(Holiday).where(Holiday.day >= clock.today()).order_by(Holiday.day)
    )
    return HolidayList(items=[HolidayView.model_validate(row) for row in rows])


def get_rules(session: Session, actor: Actor, institution_id: UUID) -> RulesView:
    """How an institution takes bookings. Raises NotFound (also where it takes none) or Denied."""
    institution = get_institution(session, institution_id)
    require(session, actor, SupplyAction.READ_RULES, schedule_of(institution))
    row = session.get(Rule, institution_id)
    if row is None:
        raise NotFound()
    return RulesView.model_validate(row)


def rules_history(session: Session, institution_id: UUID, page: PageQuery) -> Page[ChangeView]:
    """Who changed an institution's rule. The caller has asked the policy."""
    return history.list_changes(session, page, history.about(SupplySubject.RULE, institution_id))


def _templates(*order: ColumnElement[Any]) -> Any:
    opened = (
        select(func.count())
        .where(
            ClinicSession.template_id == Template.id,
            ClinicSession.date >= clock.today(),
            ClinicSession.stopped_at.is_(None),
        )
        .scalar_subquery()
    )
    served = in_service(Template.institution_id, Template.department_id, Template.staff_id)
    return select(Template, opened.label("opened"), served.label("in_service"), *order)


def _template_views(session: Session, rows: Iterable[Row[Any]]) -> list[TemplateView]:
    found = list(rows)
    doctors = staff_by_id(session, {r.Template.staff_id for r in found if r.Template.staff_id})
    return [_template_view(row, doctors) for row in found]


def _template_view(row: Row[Any], doctors: Mapping[UUID, StaffView]) -> TemplateView:
    template = row.Template
    doctor = doctors.get(template.staff_id)
    values = {name: getattr(template, name, None) for name in TemplateView.model_fields}
    values |= {
        "clinic_name": doctor.name if doctor else template.clinic_name or "",
        "doctor_title": doctor.title if doctor else "",
        "example": bool(doctor and doctor.example),
        "disabled": template.disabled_at is not None,
        "opened": row.opened,
        "in_service": row.in_service,
    }
    return TemplateView.model_validate(values)


def _exceptions(*order: ColumnElement[Any]) -> Any:
    of_template = (ClinicSession.template_id == TemplateException.template_id) | (
        TemplateException.template_id.is_(None)
        & (ClinicSession.institution_id == TemplateException.institution_id)
    )
    opened = (
        select(func.count())
        .where(
            ClinicSession.date == TemplateException.date,
            of_template,
            ClinicSession.stopped_at.is_(None),
        )
        .scalar_subquery()
    )
    return select(
        TemplateException,
        Template.staff_id,
        Template.clinic_name,
        Template.half_day,
        opened.label("opened"),
        *order,
    ).join_from(
        TemplateException,
        Template,
        Template.id == TemplateException.template_id,
        isouter=True,
    )


def _exception_views(session: Session, rows: Iterable[Row[Any]]) -> list[ExceptionView]:
    found = list(rows)
    doctors = staff_by_id(session, {row.staff_id for row in found if row.staff_id})
    views = []
    for row in found:
        doctor = doctors.get(row.staff_id)
        values = {
            name: getattr(row.TemplateException, name, None) for name in ExceptionView.model_fields
        }
        values |= {
            "clinic_name": doctor.name if doctor else row.clinic_name or "",
            "half_day": row.half_day,
            "opened": row.opened,
        }
        views.append(ExceptionView.model_validate(values))
    return views
