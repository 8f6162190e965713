"""The side bar: each entry of the staff stands in a group, and each group has words."""

from babel.messages.pofile import read_po

from core.access import GRANTED_ROLES, Role
from core.web.rooms import Group, NavItem
from portal.factory import load_rooms
from portal.serve import ROOT
from portal.web.menu import GROUPS, NavEntry, grouped

ITEMS = [item for room in load_rooms() for item in room.navigation]
CATALOGUE = ROOT / "portal/translations/en/LC_MESSAGES/messages.po"


def entries(role: Role, here: str = "") -> list[NavEntry]:
    """A role's entries as on the page of an endpoint."""
    return [_entry(item, here) for item in ITEMS if role in item.roles]


def _entry(item: NavItem, here: str) -> NavEntry:
    return NavEntry(item.label, item.icon, item.endpoint, "/", item.endpoint == here, item.group)


def test_each_entry_of_the_staff_has_a_group() -> None:
    staff = [item for item in ITEMS if {*item.roles} & {*GRANTED_ROLES}]
    assert not [item.endpoint for item in staff if item.group is None]
    assert {item.group for item in ITEMS if item.group} == {*Group}, "each group is used"


def test_each_group_has_a_translated_name() -> None:
    with CATALOGUE.open("rb") as file:
        english = read_po(file)
    assert list(GROUPS) == list(Group)
    for words in GROUPS.values():
        message = english.get(words.label)
        assert message, words.label
        assert message.string, words.label


def test_grouping_loses_and_doubles_nothing() -> None:
    for role in GRANTED_ROLES:
        own = entries(role)
        shown = [entry for group in grouped(own) for entry in group.entries]
        assert sorted(each.endpoint for each in shown) == sorted(each.endpoint for each in own)


def test_a_leader_begins_with_few_rows() -> None:
    groups = grouped(entries(Role.LEADER, "family_doctor.today"))
    rows = [1 if group.folds else len(group.entries) for group in groups]
    assert sum(rows) <= 8
    assert groups[0].active, "the day's work comes first"
    assert not groups[0].folds


def test_a_group_is_active_where_the_page_is_its_own_and_counts_what_waits() -> None:
    groups = grouped(entries(Role.LEADER, "family_doctor.applications"))
    (active,) = [group for group in groups if group.active]
    assert active.folds
    assert (
        active.waiting({"family_doctor.applications": 3, "family_doctor_disputes.of_team": 2}) == 5
    )


def test_few_entries_are_not_folded() -> None:
    assert not any(group.folds for group in grouped(entries(Role.AUDITOR)))
