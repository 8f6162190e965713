"""/api/v1/portal/…: what stands on one's home."""

from typing import Annotated

from pydantic import BaseModel, Field

from auth.schemas import Tile
from core.access import Role
from core.errors import Denied
from core.paging import Page
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from portal.home import applications

api = room_api("portal", "Home")


class TileSearch(BaseModel):
    """As what one looks."""

    role: Annotated[Role, Field(description="One of one's own roles.")] = Role.RESIDENT


@api.get("/tiles")
@api.input(TileSearch, location="query", arg_name="search")
@api.output(Page[Tile])
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def tiles(search: TileSearch) -> Page[Tile]:
    """The applications for what one is; all of them on one page. 403 for a role of others."""
    actor = current_actor()
    if search.role is not Role.RESIDENT and not actor.units(search.role):
        raise Denied()
    return Page(items=applications(actor, search.role), next_cursor=None)
