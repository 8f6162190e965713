"""/family-doctor/points: the administrators' pages of what work is worth."""

from typing import TypeVar
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from core import clock
from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.actions import attempt
from core.web.forms import Form, read_form, read_query
from core.web.languages import gettext
from directory.public import institution_choices
from family_doctor.queries.points import (
    get_scheme,
    list_schemes,
    preview_scheme,
    require_place,
    scheme_to_copy,
)
from family_doctor.queries.rules import region_code
from family_doctor.schemas import (
    MakeScheme,
    PointAction,
    Preview,
    PreviewScheme,
    SchemeValues,
    SchemeView,
)
from family_doctor.services.points import make_scheme
from family_doctor.web import report_words
from service_packs.public import item_names

ITEM = "item-"
pages = Blueprint("family_doctor_points", __name__, url_prefix="/family-doctor/points")
C = TypeVar("C", bound=BaseModel)


class Place(BaseModel):
    """Whose scheme: an institution's, or without one the region's."""

    institution_id: UUID | None = None


@pages.context_processor
def name_things() -> dict[str, object]:
    """Give the templates the words."""
    return {"words": report_words, "ITEM": ITEM}


@pages.get("/")
@open_to(Role.ADMINISTRATOR)
def listing() -> ResponseReturnValue:
    """The versions within one's units."""
    actor = current_actor()
    with transaction() as session:
        found = list_schemes(session, actor).items
        choices = [(str(each), name) for each, name in institution_choices(session, actor)]
        if region_code(session) in actor.units(Role.ADMINISTRATOR):
            choices.insert(0, ("", ""))
    return render_template(
        "family_doctor/points/list.html", schemes=found, choices=choices, today=clock.today()
    )


@pages.get("/<uuid:scheme_id>")
@open_to(Role.ADMINISTRATOR)
def show(scheme_id: UUID) -> ResponseReturnValue:
    """One version."""
    with transaction() as session:
        scheme = get_scheme(session, current_actor(), scheme_id)
        names = item_names(session, set(scheme.values.items))
    return render_template("family_doctor/points/one.html", scheme=scheme, items=names)


@pages.get("/new")
@open_to(Role.ADMINISTRATOR)
def new() -> ResponseReturnValue:
    """The form of a new version, filled in with what holds now."""
    place = read_query(Place)
    with transaction() as session:
        values = scheme_to_copy(session, current_actor(), place.institution_id)
    form = Form[MakeScheme](_typed(values))
    form.values["valid_from"] = clock.today().isoformat()
    return _page(form, place.institution_id, None)


@pages.post("/new")
@open_to(Role.ADMINISTRATOR)
def make() -> ResponseReturnValue:
    """Make a new version."""
    form, actor = _read(MakeScheme), current_actor()
    made = attempt(form, SchemeView, lambda session, command: make_scheme(session, actor, command))
    if made is None:
        return _page(form, _place_typed(), None)
    flash(gettext("已保存，从生效日期起的报告按新方案算，已经做好的报告不变。"), "good")
    return redirect(url_for("family_doctor_points.show", scheme_id=made.id), 303)


@pages.post("/preview")
@open_to(Role.ADMINISTRATOR)
def preview() -> ResponseReturnValue:
    """What the last month would have been; nothing is kept."""
    form = _read(PreviewScheme)
    seen = None
    if form.command is not None:
        with transaction() as session:
            seen = preview_scheme(session, current_actor(), form.command)
    return _page(form, _place_typed(), seen)


def _read(command: type[C]) -> Form[C]:
    """The typed form; the kinds of service are fields of their own, and an empty one is not named
    by the scheme.
    """
    items = {
        name.removeprefix(ITEM): value.strip()
        for name, value in request.form.items()
        if name.startswith(ITEM) and value.strip()
    }
    return read_form(command, items=items)


def _place_typed() -> UUID | None:
    """Whose scheme the form is of; what is no id is the region's, which the policy then judges."""
    try:
        return UUID(request.form.get("institution_id", ""))
    except ValueError:
        return None


def _typed(values: SchemeValues) -> dict[str, str]:
    plain = {name: str(value) for name, value in values if name != "items"}
    return plain | {f"{ITEM}{code}": str(points) for code, points in values.items.items()}


def _page(form: Form[C], institution_id: UUID | None, seen: Preview | None) -> ResponseReturnValue:
    with transaction() as session:
        action = PointAction.CHANGE
        name, _ = require_place(session, current_actor(), institution_id, action)
        names = item_names(session)
    page = render_template(
        "family_doctor/points/form.html",
        form=form,
        place=name,
        institution_id=institution_id,
        items=sorted(names.items()),
        preview=seen,
        today=clock.today(),
    )
    return page, form.status
