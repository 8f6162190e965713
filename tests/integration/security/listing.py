"""What a list shows, beside what the policy permits of the things that it could show."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from core.access import Actor, Resource, decide
from core.errors import Denied
from core.paging import Page, PageQuery

Key: TypeAlias = Any


@dataclass(frozen=True)
class Listing:
    """A list, the things it could show, and when the policy lets an actor read each."""

    name: str
    shown: Callable[[Actor], Iterable[Key]]
    things: dict[Key, Resource]
    action: str
    # A role's view, whatever the actor may as a person.
    as_staff: bool = False

    def permitted(self, actor: Actor, thing: Resource) -> bool:
        """What Cedar says."""
        asking = Actor(actor.account_id, grants=actor.grants) if self.as_staff else actor
        return decide(asking, self.action, thing)[0]


def pages(read: Callable[[Any], Page[Any]], search: PageQuery) -> Iterator[Any]:
    """All items of a list; none where it is refused as a whole."""
    search = search.model_copy(update={"limit": 100})
    while True:
        try:
            page = read(search)
        except Denied:
            return
        yield from page.items
        if page.next_cursor is None:
            return
        search = search.model_copy(update={"cursor": page.next_cursor})
