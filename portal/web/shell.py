"""What every page's frame shows: brand, navigation for the role, language, preferences."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from flask import Flask, request, session, url_for
from markupsafe import Markup

from core.access import Actor, Role
from core.database import reading
from core.messages import N_
from core.settings import Settings
from core.waiting import read_waiting
from core.web.access import current_actor, signed_in
from core.web.languages import LANGUAGES, gettext, language
from core.web.redirects import this_address
from core.web.rooms import Counts, NavItem, Room
from core.web.writes import once_token
from notifications.public import count_unread
from portal.web.menu import NavEntry, NavGroup, entries_for, grouped
from regions.public import Region

LARGE_TEXT = "large_text"
ROLE_LABELS = {
    Role.RESIDENT: N_("居民"),
    Role.LEADER: N_("家庭医生团队长"),
    Role.MEMBER: N_("家庭医生团队成员"),
    Role.REGISTRAR: N_("医院挂号员"),
    Role.ADMINISTRATOR: N_("管理员"),
    Role.ANALYST: N_("统计分析员"),
    Role.SECURITY: N_("安全管理员"),
    Role.AUDITOR: N_("审计员"),
}
LAYOUTS = {Role.RESIDENT: "resident", Role.ANALYST: "analyst"}


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """One role the person can switch to."""

    value: Role
    label: str
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class House:
    """What the frames of all requests have in common."""

    settings: Settings
    region: Region
    items: tuple[NavItem, ...]
    counts: tuple[Counts, ...]


class Shell:
    """The frame of one request: each part is computed once, when it is first drawn."""

    def __init__(self, house: House) -> None:
        self._house = house

    @cached_property
    def product(self) -> str:
        """The product's name."""
        return gettext("康桥")

    @cached_property
    def brand(self) -> str:
        """The region's own brand."""
        chinese = self.locale == "zh"
        return self._house.region.brand if chinese else self._house.region.brand_en

    @cached_property
    def demo(self) -> bool:
        """Whether the loud banner is due."""
        return self._house.settings.demo

    @cached_property
    def standins_url(self) -> str:
        """Where the demo's stand-ins answer, for the link to the SMS inbox."""
        return self._house.settings.standins_url

    @cached_property
    def second_app_url(self) -> str:
        """Another vendor's application in the demo, to see one sign-on for two."""
        return self._house.settings.second_app_url if self.demo else ""

    @cached_property
    def locale(self) -> str:
        """zh or en."""
        return language()

    @cached_property
    def large_text(self) -> bool:
        """Whether the person chose large text."""
        return bool(session.get(LARGE_TEXT))

    @cached_property
    def signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return signed_in()

    @cached_property
    def actor(self) -> Actor:
        """The signed-in actor."""
        return current_actor()

    @cached_property
    def role(self) -> Role:
        """The role whose shell is shown."""
        return shown_role() if self.signed_in else Role.RESIDENT

    @cached_property
    def layout(self) -> str:
        """Which frame fits the role."""
        return LAYOUTS.get(self.role, "staff") if self.signed_in else "plain"

    @cached_property
    def name(self) -> str:
        """The person's display name."""
        return self.actor.name if self.signed_in else ""

    @cached_property
    def role_label(self) -> str:
        """The role in words."""
        return gettext(ROLE_LABELS[self.role])

    @cached_property
    def roles(self) -> list[RoleEntry]:
        """The roles to switch between; empty for one with a single role."""
        roles = self.actor.roles if self.signed_in else ()
        if len(roles) < 2:
            return []
        return [
            RoleEntry(
                role, gettext(ROLE_LABELS[role]), url_for("auth.switch_role"), role == self.role
            )
            for role in roles
        ]

    @cached_property
    def nav(self) -> list[NavEntry]:
        """The bar of this role."""
        if not self.signed_in:
            return []
        house = self._house
        return entries_for(self.actor, self.role, house.items, house.region.code)

    @cached_property
    def menu(self) -> list[NavGroup]:
        """The side bar of this role: its entries in their groups."""
        return grouped(self.nav)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How much waits behind the entries of the bar, by endpoint; the rooms are asked anew."""
        with reading() as work:
            return read_waiting(work, [count(self.actor) for count in self._house.counts])

    @cached_property
    def language_urls(self) -> dict[str, str]:
        """This page in each language."""
        if request.endpoint is None or request.method != "GET":
            return {language: url_for("portal.home", lang=language) for language in LANGUAGES}
        return {language: this_address(lang=language) for language in LANGUAGES}

    @cached_property
    def large_text_url(self) -> str:
        """Where the large-text switch posts to."""
        return url_for("portal.large_text")

    @cached_property
    def unread(self) -> int:
        """How many messages wait for the person."""
        if not self.signed_in or self.actor.person_id is None:
            return 0
        with reading() as work:
            return count_unread(work, self.actor)

    @cached_property
    def messages_url(self) -> str:
        """The message box."""
        return url_for("notifications.box")

    @cached_property
    def acting_for(self) -> str | None:
        """For whom the person acts, when not for themself."""
        return None


_current: ContextVar[Shell | None] = ContextVar("shell", default=None)


class CurrentShell:
    """The template global ``shell``: the frame of the present request, or one made now where a
    page is drawn outside any.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    def __getattr__(self, name: str) -> Any:
        return getattr(_current.get() or Shell(self._house), name)


def shown_role() -> Role:
    """The role whose home and navigation the signed-in person sees."""
    actor = current_actor()
    if actor.active_role in actor.roles:
        return actor.active_role
    return next(iter(actor.roles), Role.RESIDENT)


def draw_icons(sprite: str) -> Callable[..., Markup]:
    """The template global ``icon(name, label=None)``: a Tabler icon from the sprite at this
    address, decorative unless it has a label.
    """

    @cache
    def icon(name: str, label: str | None = None) -> Markup:
        if label:
            return Markup(
                '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>'
            ).format(label, sprite, name)
        return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
            sprite, name
        )

    return icon


def install(app: Flask, region: Region, rooms: list[Room]) -> None:
    """Give every template its frame; called once by the factory."""
    house = House(
        settings=app.config["SETTINGS"],
        region=region,
        items=tuple(item for room in rooms for item in room.navigation),
        counts=tuple(room.counts for room in rooms if room.counts is not None),
    )

    @app.before_request
    def begin() -> None:
        if request.endpoint != "static":
            _current.set(Shell(house))

    @app.teardown_request
    def finish(error: BaseException | None) -> None:
        del error
        _current.set(None)

    app.jinja_env.globals.update(
        icon=draw_icons(f"{app.static_url_path}/vendor/icons.svg"),
        once_token=once_token,
        shell=CurrentShell(house),
        region=region,
    )
