"""/me/home: where one lives and with whom; /residents/people/…/home: staff record it."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.access import Actor
from core.database import transaction
from core.errors import PortalError
from core.messages import N_
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.limits import By, limited
from core.web.names import named
from core.web.writes import write
from directory.public import list_divisions, list_villages
from residents.queries.homes import HEADS, get_home
from residents.queries.identifiers import FIND_ROLES
from residents.schemas import (
    HomeCode,
    HomeTownship,
    HomeView,
    JoinHome,
    MoveHome,
    MoveWay,
    PlaceInHome,
    Relation,
)
from residents.services.homes import (
    count_home_code,
    join_home,
    make_home_code,
    move_home,
    place_in_home,
)
from residents.web.bindings import TRIES, WITHIN

pages = Blueprint("residents_homes", __name__)
RELATIONS = {
    Relation.HEAD: N_("户主"),
    Relation.SELF: N_("本人"),
    Relation.SPOUSE: N_("配偶"),
    Relation.CHILD: N_("子女"),
    Relation.GRANDCHILD: N_("孙子女"),
    Relation.PARENT: N_("父母"),
    Relation.GRANDPARENT: N_("祖父母"),
    Relation.SIBLING: N_("兄弟姐妹"),
    Relation.OTHER: N_("其他"),
}
WAYS = {MoveWay.DECLARED: N_("本人申报"), MoveWay.CHECKED: N_("看过证件")}
TOWNSHIP_DIGITS = 9


@pages.context_processor
def words() -> dict[str, object]:
    """The wording of relations for the templates."""
    return {"relations": RELATIONS, "ways": WAYS}


@pages.get("/me/home")
@open_to(SIGNED_IN)
def own() -> ResponseReturnValue:
    """Where I live, with whom, and since when."""
    actor = current_actor()
    if actor.person_id is None:
        return redirect(url_for("residents.verify", next=url_for("residents_homes.own")))
    return _own_page(actor, blank(JoinHome))


@pages.get("/me/home/move")
@open_to(SIGNED_IN)
def move() -> ResponseReturnValue:
    """Another place to live: a township's villages to choose from."""
    return _move_page(current_actor().person_id, blank(MoveHome), staff=False)


@pages.post("/me/home/move")
@open_to(SIGNED_IN)
def declare() -> ResponseReturnValue:
    """Say where I live."""
    return _moved(current_actor().person_id, MoveWay.DECLARED)


@pages.post("/me/home/code")
@open_to(SIGNED_IN)
def make_code() -> ResponseReturnValue:
    """A code that lets one adult into my household."""
    actor = current_actor()
    with transaction() as session:
        code = make_home_code(session, actor)
    return _own_page(actor, blank(JoinHome), code)


@pages.post("/me/home/join")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def join() -> ResponseReturnValue:
    """Enter the household whose head gave me a code."""
    form = read_form(JoinHome)
    if form.command is None:
        return _own_page(current_actor(), form)
    try:
        join_by_code(form.command)
    except PortalError as error:
        form.fail(error)
        return _own_page(current_actor(), form)
    flash(gettext("已加入这个家庭。"), "good")
    return redirect(url_for("residents_homes.own"), 303)


@pages.get("/residents/people/<uuid:person_id>/home")
@open_to(*FIND_ROLES)
def show(person_id: UUID) -> ResponseReturnValue:
    """Where a resident lives; the household book is recorded here."""
    return _staff_page(person_id, blank(PlaceInHome))


@pages.get("/residents/people/<uuid:person_id>/home/move")
@open_to(*FIND_ROLES)
def staff_move(person_id: UUID) -> ResponseReturnValue:
    """Another place for a resident, as a document says."""
    return _move_page(person_id, blank(MoveHome), staff=True)


@pages.post("/residents/people/<uuid:person_id>/home/move")
@open_to(*FIND_ROLES)
def check(person_id: UUID) -> ResponseReturnValue:
    """Record where a resident lives."""
    return _moved(person_id, MoveWay.CHECKED)


@pages.post("/residents/people/<uuid:person_id>/home/place")
@open_to(*FIND_ROLES)
def place(person_id: UUID) -> ResponseReturnValue:
    """Record with whom a resident lives, by the household book."""
    form = read_form(PlaceInHome)
    command = form.command
    if command is None:
        return _staff_page(person_id, form)
    actor = current_actor()
    try:
        write(HomeView, lambda session: place_in_home(session, actor, person_id, command))
    except PortalError as error:
        form.fail(error)
        return _staff_page(person_id, form)
    flash(gettext("已登记。"), "good")
    return redirect(url_for("residents_homes.show", person_id=person_id), 303)


def join_by_code(command: JoinHome) -> HomeView:
    """Count the try, then join. Raises PortalError."""
    actor = current_actor()
    with transaction() as session:
        count_home_code(session, actor)
    return write(HomeView, lambda session: join_home(session, actor, command))


def _moved(person_id: UUID | None, way: MoveWay) -> ResponseReturnValue:
    form = read_form(MoveHome)
    command, actor = form.command, current_actor()
    staff = way is MoveWay.CHECKED
    if command is None:
        return _move_page(person_id, form, staff=staff)
    try:
        write(HomeView, lambda session: move_home(session, actor, person_id, command, way))
    except PortalError as error:
        form.fail(error)
        return _move_page(person_id, form, staff=staff)
    flash(gettext("住址已更新。"), "good")
    if staff:
        return redirect(url_for("residents_homes.show", person_id=person_id), 303)
    return redirect(url_for("residents_homes.own"), 303)


def _own_page(
    actor: Actor, form: Form[JoinHome], code: HomeCode | None = None
) -> ResponseReturnValue:
    with transaction() as session:
        home = get_home(session, actor, actor.person_id)
    page = render_template(
        "residents/homes/own.html", home=home, form=form, code=code, choices=_choices()
    )
    return page, form.status


def _staff_page(person_id: UUID, form: Form[PlaceInHome]) -> ResponseReturnValue:
    with transaction() as session:
        home = get_home(session, current_actor(), person_id)
    page = render_template("residents/homes/show.html", home=home, form=form, choices=_choices())
    return page, form.status


def _move_page(person_id: UUID | None, form: Form[MoveHome], *, staff: bool) -> ResponseReturnValue:
    chosen = read_query(HomeTownship)
    with transaction() as session:
        home = get_home(session, current_actor(), person_id)
        divisions = list_divisions(session)
        typed = form.values.get("village_code") or ""
        township = chosen.township or str(typed)[:TOWNSHIP_DIGITS] or home.division_code
        villages = list_villages(session, township)
    names = {each.code: each.name for each in divisions}
    townships = [
        (each.code, f"{named(names[each.parent_code])} {named(each.name, each.name_en)}")
        for each in divisions
        if len(each.code) == TOWNSHIP_DIGITS and each.parent_code
    ]
    page = render_template(
        "residents/homes/move.html",
        home=home,
        form=form,
        staff=staff,
        choosing=Form[HomeTownship](values={"township": township}),
        townships=townships,
        villages=[(each.code, each.name) for each in villages],
    )
    return page, form.status


def _choices() -> list[tuple[str, str]]:
    return [(each.value, gettext(said)) for each, said in RELATIONS.items() if each not in HEADS]
