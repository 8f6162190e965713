"""What a room plugs into the portal. Each room's register.py makes one of these."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from flask import Blueprint, Flask

from core.access import Actor, Role
from core.events import Event
from core.permissions import Words
from core.waiting import Waiting

Counts: TypeAlias = Callable[[Actor], Waiting]


class Group(StrEnum):
    """Under which name an entry stands in the side bar, in the order of the day's work. The portal
    has their words (portal/web/menu.py).
    """

    TODAY = "today"
    RESIDENTS = "residents"
    TEAM = "team"
    ORGANISATION = "organisation"
    BOOKING = "booking"
    FAMILY_DOCTORS = "family_doctors"
    FIGURES = "figures"
    ACCOUNTS = "accounts"
    MORE = "more"


class Reach(StrEnum):
    """How wide the units must be in which a role is held, for an entry to lead anywhere."""

    ANYWHERE = "anywhere"
    DESK = "desk"
    DIVISION = "division"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the side bar (staff) or the tab bar (residents), shown to some roles.

    ``label`` is marked for translation; ``order`` sorts within a role's bar, and in the side bar
    within its ``group``, which every entry of the staff has. It is lit on the pages below its own
    address, else on those of its endpoint's blueprint, and of the blueprints and endpoints that
    ``also`` names.
    """

    label: str
    icon: str
    endpoint: str
    roles: Sequence[Role]
    order: int = 50
    also: Sequence[str] = ()
    group: Group | None = None
    reach: Reach = Reach.ANYWHERE


@dataclass(frozen=True)
class Room:
    """A room as the portal sees it."""

    name: str
    # What the room's policy means to people.
    words: Words = field(default_factory=Words)
    pages: Sequence[Blueprint] = ()
    apis: Sequence[Blueprint] = ()
    # Endpoints that machines call and that read no cookie: webhooks, the token endpoint.
    machines: Sequence[Blueprint] = ()
    subscribers: Sequence[tuple[type[Event], Callable[..., None]]] = ()
    # Console commands by name, as "module:attribute": imported when one is called.
    commands: Mapping[str, str] = field(default_factory=dict)
    navigation: Sequence[NavItem] = ()
    # How many things wait behind entries of the navigation, by endpoint. Asked on every page of
    # the staff, all rooms with one statement.
    counts: Counts | None = None
    install: Callable[[Flask], None] | None = None

    @property
    def directory(self) -> Path:
        """Where the room's policy, templates and translations lie."""
        return Path(str(import_module(f"{self.name}.register").__file__)).parent
