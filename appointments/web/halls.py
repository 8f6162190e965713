"""The halls' screens: their keeping by the desk, and what anybody with the address sees."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from appointments.queries.day_list import desk_institutions
from appointments.queries.hall import find_screen, hall_view, list_screens
from appointments.queries.tickets import hall_topic
from appointments.schemas import MakeScreen, ScreenView
from appointments.services.screens import end_screen
from appointments.web.day import Desk
from appointments.web.new_screens import new_screen
from core.access import Role
from core.database import reading, transaction
from core.paging import HIGHEST_LIMIT
from core.settings import settings
from core.web.access import ANYONE, current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.live import live
from core.web.writes import write
from directory.public import get_institution, list_departments
from directory.schemas import DepartmentSearch

pages = Blueprint("appointments_halls", __name__, url_prefix="/appointments")


@pages.get("/screens")
@open_to(Role.REGISTRAR)
def screens() -> ResponseReturnValue:
    """The screens of an institution, and the form for another."""
    return _screens_page(blank(MakeScreen))


@pages.post("/screens")
@open_to(Role.REGISTRAR)
def make() -> ResponseReturnValue:
    """Make a screen and show its address, this once."""
    form = read_form(MakeScreen)
    if form.command is None:
        return _screens_page(form)
    screen, token = new_screen(form.command)
    address = None
    if token:
        path = url_for(".hall", token=token)
        address = settings().public_url.rstrip("/") + path
    return render_template("appointments/day/new_screen.html", screen=screen, address=address)


@pages.post("/screens/<uuid:screen_id>/end")
@open_to(Role.REGISTRAR)
def end(screen_id: UUID) -> ResponseReturnValue:
    """Let an address show nothing any more."""
    ended = write(ScreenView, lambda session: end_screen(session, current_actor(), screen_id))
    flash(gettext("大屏“%(name)s”的地址已停用。", name=ended.name), "good")
    return redirect(url_for(".screens", institution_id=ended.institution_id))


@pages.get("/halls/<token>")
@open_to(ANYONE)
def hall(token: str) -> ResponseReturnValue:
    """What hangs in the hall: numbers, rooms, no names."""
    with reading() as session:
        view = hall_view(session, find_screen(session, token))
    return render_template("appointments/day/hall.html", hall=view, token=token)


@pages.get("/halls/<token>/live")
@open_to(ANYONE)
def hall_live(token: str) -> Response:
    """The part of it that moves."""
    with reading() as session:
        topic = hall_topic(find_screen(session, token).institution_id)

    def render() -> str:
        with reading() as session:
            view = hall_view(session, find_screen(session, token))
        return render_template("appointments/day/_hall.html", hall=view)

    return live([topic], render)


def _screens_page(form: Form[MakeScreen]) -> ResponseReturnValue:
    actor = current_actor()
    chosen = read_query(Desk).institution_id
    with transaction() as session:
        institutions = desk_institutions(session, actor)
        own = next((each for each in institutions if chosen in (None, each.id)), None)
        if chosen and own is None:
            own = get_institution(session, chosen)
        if own is None:
            return render_template("appointments/no_desk.html")
        found = list_screens(session, actor, own.id, own)
        search = DepartmentSearch(institution_id=own.id, limit=HIGHEST_LIMIT)
        departments = list_departments(session, search).items
    page = render_template(
        "appointments/day/screens.html",
        institution=own,
        institutions=institutions,
        departments=departments,
        screens=found,
        form=form,
    )
    return page, form.status
