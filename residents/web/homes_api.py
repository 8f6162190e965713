"""/api/v1/residents/…/home: where people live and with whom."""

from uuid import UUID

from core.database import transaction
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import By, limited
from core.web.writes import write
from residents.queries.homes import get_home
from residents.queries.identifiers import FIND_ROLES
from residents.schemas import HomeCode, HomeView, JoinHome, MoveHome, MoveWay, PlaceInHome
from residents.services.homes import make_home_code, move_home, place_in_home
from residents.web.bindings import TRIES, WITHIN
from residents.web.homes import join_by_code

api = room_api("residents_home", "Residents", "residents")


@api.get("/me/home")
@api.output(HomeView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def own() -> HomeView:
    """Where the caller lives, and with whom. 404 before the real-name check."""
    actor = current_actor()
    with transaction() as session:
        return get_home(session, actor, actor.person_id)


@api.put("/me/home")
@api.input(MoveHome, arg_name="command")
@api.output(HomeView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def declare(command: MoveHome) -> HomeView:
    """Say where the caller lives."""
    actor, way = current_actor(), MoveWay.DECLARED
    return write(HomeView, lambda session: move_home(session, actor, actor.person_id, command, way))


@api.post("/me/home/code")
@api.output(HomeCode, status_code=201)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def make_code() -> HomeCode:
    """A code that lets one adult into the caller's household; it is told once."""
    with transaction() as session:
        return make_home_code(session, current_actor())


@api.post("/me/home/join")
@limited(TRIES, WITHIN, By.ACCOUNT)
@api.input(JoinHome, arg_name="command")
@api.output(HomeView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def join(command: JoinHome) -> HomeView:
    """Enter the household whose head gave the code."""
    return join_by_code(command)


@api.get("/people/<uuid:person_id>/home")
@api.output(HomeView)
@api.doc(**SECURED)
@open_to(*FIND_ROLES)
def show(person_id: UUID) -> HomeView:
    """Where a resident lives, and with whom."""
    with transaction() as session:
        return get_home(session, current_actor(), person_id)


@api.put("/people/<uuid:person_id>/home")
@api.input(MoveHome, arg_name="command")
@api.output(HomeView)
@api.doc(**SECURED)
@open_to(*FIND_ROLES)
def check(person_id: UUID, command: MoveHome) -> HomeView:
    """Record where a resident lives, having seen a document."""
    actor, way = current_actor(), MoveWay.CHECKED
    return write(HomeView, lambda session: move_home(session, actor, person_id, command, way))


@api.post("/people/<uuid:person_id>/home/place")
@api.input(PlaceInHome, arg_name="command")
@api.output(HomeView)
@api.doc(**SECURED)
@open_to(*FIND_ROLES)
def place(person_id: UUID, command: PlaceInHome) -> HomeView:
    """Record with whom a resident lives, having seen the household book."""
    actor = current_actor()
    return write(HomeView, lambda session: place_in_home(session, actor, person_id, command))
