"""What every page's frame shows: brand, navigation for the role, language, preferences."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, session, url_for
from flask_babel import get_locale, gettext
from markupsafe import Markup

from core.access import Actor, Role
from core.database import transaction
from core.messages import N_
from core.settings import Settings
from core.web.access import current_actor, signed_in
from core.web.languages import LANGUAGES
from core.web.rooms import NavItem, Room
from core.web.writes import once_token
from notifications.public import count_unread
from regions.public import Region

LARGE_TEXT = "large_text"
UNREAD = "unread_messages"
PLAIN_ICON = Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>')
LABELLED_ICON = Markup(
    '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>'
)
ROLE_LABELS = {
    Role.RESIDENT: N_("居民"),
    Role.LEADER: N_("家庭医生团队长"),
    Role.MEMBER: N_("家庭医生团队成员"),
    Role.REGISTRAR: N_("医院挂号员"),
    Role.ADMINISTRATOR: N_("管理员"),
    Role.ANALYST: N_("统计分析员"),
}
LAYOUTS = {Role.RESIDENT: "resident", Role.ANALYST: "analyst"}


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One entry of the bar as the template draws it."""

    label: str
    icon: str
    url: str
    active: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """One role the person can switch to."""

    value: Role
    label: str
    url: str
    active: bool


class Shell:
    """The frame of the current request; a template global, computed as far as it is used."""

    def __init__(self, settings: Settings, region: Region, rooms: list[Room]) -> None:
        self._settings = settings
        self._region = region
        self._items = [item for room in rooms for item in room.navigation]

    @property
    def product(self) -> str:
        """The product's name."""
        return gettext("康桥")

    @property
    def brand(self) -> str:
        """The region's own brand."""
        chinese = self.locale == "zh"
        return self._region.brand if chinese else self._region.brand_en

    @property
    def demo(self) -> bool:
        """Whether the loud banner is due."""
        return self._settings.demo

    @property
    def standins_url(self) -> str:
        """Where the demo's stand-ins answer, for the link to the SMS inbox."""
        return self._settings.standins_url

    @property
    def locale(self) -> str:
        """zh or en."""
        locale = get_locale()
        return locale.language if locale else "zh"

    @property
    def large_text(self) -> bool:
        """Whether the person chose large text."""
        return bool(session.get(LARGE_TEXT))

    @property
    def signed_in(self) -> bool:
        """Whether somebody is signed in."""
        return signed_in()

    @property
    def actor(self) -> Actor:
        """The signed-in actor."""
        return current_actor()

    @property
    def role(self) -> Role:
        """The role whose shell is shown."""
        return shown_role() if self.signed_in else Role.RESIDENT

    @property
    def layout(self) -> str:
        """Which frame fits the role."""
        return LAYOUTS.get(self.role, "staff") if self.signed_in else "plain"

    @property
    def name(self) -> str:
        """The person's display name."""
        return self.actor.name if self.signed_in else ""

    @property
    def role_label(self) -> str:
        """The role in words."""
        return gettext(ROLE_LABELS[self.role])

    @property
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

    @property
    def nav(self) -> list[NavEntry]:
        """The bar of this role."""
        if not self.signed_in:
            return []
        return [self._entry(item) for item in sorted(self._mine(), key=lambda item: item.order)]

    @property
    def language_urls(self) -> dict[str, str]:
        """This page in each language."""
        query = {key: value for key, value in request.args.items() if key != "lang"}
        arguments: dict[str, Any] = {**(request.view_args or {}), **query}
        endpoint = request.endpoint if request.method == "GET" else None
        if endpoint is None:
            endpoint, arguments = "portal.home", {}
        return {language: url_for(endpoint, **arguments, lang=language) for language in LANGUAGES}

    @property
    def large_text_url(self) -> str:
        """Where the large-text switch posts to."""
        return url_for("portal.large_text")

    @property
    def unread(self) -> int:
        """How many messages wait for the person."""
        if not self.signed_in or self.actor.person_id is None:
            return 0
        if UNREAD not in g:
            with transaction() as work:
                setattr(g, UNREAD, count_unread(work, self.actor))
        return int(g.get(UNREAD))

    @property
    def messages_url(self) -> str:
        """The message box."""
        return url_for("notifications.box")

    @property
    def acting_for(self) -> str | None:
        """For whom the person acts, when not for themself."""
        return None

    def _entry(self, item: NavItem) -> NavEntry:
        active = _area(request.endpoint) == _area(item.endpoint)
        if active and sum(_area(i.endpoint) == _area(item.endpoint) for i in self._mine()) > 1:
            active = request.endpoint == item.endpoint
        return NavEntry(gettext(item.label), item.icon, url_for(item.endpoint), active)

    def _mine(self) -> list[NavItem]:
        return [item for item in self._items if self.role in item.roles]


def _area(endpoint: str | None) -> str:
    """The blueprint an endpoint belongs to."""
    return (endpoint or "").split(".")[0]


def shown_role() -> Role:
    """The role whose home and navigation the signed-in person sees."""
    actor = current_actor()
    if actor.active_role in actor.roles:
        return actor.active_role
    return next(iter(actor.roles), Role.RESIDENT)


def icon(name: str, label: str | None = None) -> Markup:
    """A Tabler icon from the sprite; decorative unless it has a label."""
    sprite = url_for("static", filename="vendor/icons.svg")
    if label:
        return Markup(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>'
        ).format(label, sprite, name)
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
        sprite, name
    )


def install(app: Flask, region: Region, rooms: list[Room]) -> None:
    """Give every template its frame; called once by the factory."""
    shell = Shell(app.config["SETTINGS"], region, rooms)
    names: dict[str, Callable[..., Any]] = {"icon": icon, "once_token": once_token}
    app.jinja_env.globals.update(names, shell=shell, region=region)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
