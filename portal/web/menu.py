"""The entries of a role's navigation, and the groups that they stand in within the side bar."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import request, url_for

from core.access import Actor, Role
from core.messages import N_
from core.web.languages import gettext
from core.web.rooms import Group, NavItem, Reach

# With so many entries or fewer nothing is folded away.
FEW = 8


@dataclass(frozen=True, slots=True)
class GroupWords:
    """How a group of the side bar is called, and its picture."""

    label: str
    icon: str


GROUPS = {
    Group.TODAY: GroupWords(N_("今日工作"), icon="sun"),
    Group.RESIDENTS: GroupWords(N_("居民服务"), icon="heart-handshake"),
    Group.TEAM: GroupWords(N_("团队管理"), icon="users-group"),
    Group.ORGANISATION: GroupWords(N_("机构与人员"), icon="building-hospital"),
    Group.BOOKING: GroupWords(N_("预约管理"), icon="calendar-cog"),
    Group.FAMILY_DOCTORS: GroupWords(N_("家庭医生服务"), icon="stethoscope"),
    Group.FIGURES: GroupWords(N_("分析与报告"), icon="chart-bar"),
    Group.ACCOUNTS: GroupWords(N_("账号与权限"), icon="key"),
    Group.MORE: GroupWords(N_("更多"), icon="dots"),
}


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One entry of the bar as the template draws it."""

    label: str
    icon: str
    endpoint: str
    url: str
    active: bool
    group: Group | None


@dataclass(frozen=True, slots=True)
class NavGroup:
    """A group of the side bar: folded until it is opened, unless ``folds`` is false: the day's work
    is always in sight, as is a group's only entry.
    """

    label: str
    icon: str
    entries: tuple[NavEntry, ...]
    folds: bool

    @property
    def active(self) -> bool:
        """Whether the present page is one of its entries'."""
        return any(entry.active for entry in self.entries)

    def waiting(self, counts: Mapping[str, int]) -> int:
        """How much waits behind its entries."""
        return sum(counts.get(entry.endpoint, 0) for entry in self.entries)


def entries_for(
    actor: Actor, role: Role, items: Iterable[NavItem], region_code: str
) -> list[NavEntry]:
    """A role's entries in their order, the present page's lit."""
    units = actor.units(role)
    mine = [
        item for item in items if role in item.roles and _reaches(item.reach, units, region_code)
    ]
    here = present(mine)
    return [
        NavEntry(
            label=gettext(item.label),
            icon=item.icon,
            endpoint=item.endpoint,
            url=url_for(item.endpoint),
            active=item is here,
            group=item.group,
        )
        for item in sorted(mine, key=lambda item: item.order)
    ]


def present(items: Collection[NavItem]) -> NavItem | None:
    """The entry that the present page belongs to: by its name, the longest beginning of its
    address, or its blueprint, where only one entry has that.
    """
    endpoint = request.endpoint or ""
    area = _area(endpoint)
    for item in items:
        if endpoint == item.endpoint or {endpoint, area} & {*item.also}:
            return item
    above = {url_for(item.endpoint).rstrip("/"): item for item in items}
    begun = [url for url in above if url and request.path.startswith(f"{url}/")]
    if begun:
        return above[max(begun, key=len)]
    same = [item for item in items if _area(item.endpoint) == area]
    return same[0] if len(same) == 1 else None


def grouped(entries: Sequence[NavEntry]) -> list[NavGroup]:
    """The entries in their groups, those in the order of the day's work."""
    found = []
    for group, words in GROUPS.items():
        own = tuple(entry for entry in entries if entry.group is group)
        folds = group is not Group.TODAY and len(own) > 1 and len(entries) > FEW
        if own:
            found.append(NavGroup(gettext(words.label), words.icon, own, folds))
    return found


def _reaches(reach: Reach, units: Collection[str], region_code: str) -> bool:
    match reach:
        case Reach.ANYWHERE:
            return True
        case Reach.DESK:
            return not all(unit.isdigit() for unit in units)
        case Reach.DIVISION:
            return any(unit.isdigit() for unit in units)
        case Reach.REGION:
            return region_code in units


def _area(endpoint: str) -> str:
    """The blueprint an endpoint belongs to."""
    return endpoint.split(".")[0]
