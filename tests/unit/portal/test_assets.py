"""The front end's files: which icons are drawn, and what is said when one is missing."""

import os
from pathlib import Path

import pytest

from portal import assets


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{{ icon("home") }}', {"home"}),
        ("{{ icon('x', _('收起菜单')) }}", {"x"}),
        ('{{ icon("check" if role.active else "switch-horizontal") }}',
         {"check", "switch-horizontal"}),
        ('{{ empty("calendar-off", _("还没有预约")) }}', {"calendar-off"}),
        ('{{ badge(_("签约中"), "good", symbol="circle-check") }}', {"circle-check"}),
        ('{{ badge(_("已封存"), "good", "lock-check") }}', {"lock-check"}),
        ('NavItem(N_("今日"), "sun", "family_doctor.today", [Role.LEADER])', {"sun"}),
        ('NavItem(\n    N_("今日"),\n    icon="sun",\n)', {"sun"}),
        ("{{ icon(item.icon) }} lexicon('home')", set()),
    ],
)  # fmt: skip
def test_icons_are_found_where_they_are_named(text: str, names: set[str]) -> None:
    assert assets.icons_in(text) == names


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A tiny checkout: one room, one icon on the shelf."""
    shelf = tmp_path / "node_modules" / assets.ICONS
    shelf.mkdir(parents=True)
    (shelf / "home.svg").write_text(
        '<!--\ntags: [house]\n-->\n<svg\n  width="24"\n>\n  <path d="M5 12h14" />\n</svg>\n'
    )
    (tmp_path / "static" / "vendor").mkdir(parents=True)
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "__init__.py").write_text("")
    return tmp_path


def test_the_sprite_holds_each_icon_once(checkout: Path) -> None:
    (checkout / "room" / "a.html").write_text('{{ icon("home") }}{{ icon("home") }}')
    assets.write_sprite(checkout)
    sprite = (checkout / "static" / "vendor" / "icons.svg").read_text()
    assert sprite.count("<symbol") == 1
    assert '<symbol id="home" viewBox="0 0 24 24"><path d="M5 12h14"/></symbol>' in sprite


def test_an_unknown_icon_is_named_with_its_place(checkout: Path) -> None:
    (checkout / "room" / "a.html").write_text('{{ icon("no-such-icon") }}')
    with pytest.raises(assets.AssetError, match=r"“no-such-icon” \(named in room.a\.html\)"):
        assets.write_sprite(checkout)


def test_a_catalogue_is_compiled_again_only_after_a_change(checkout: Path) -> None:
    place = checkout / "room" / "translations" / "en" / "LC_MESSAGES"
    place.mkdir(parents=True)
    source, target = place / "messages.po", place / "messages.mo"
    source.write_text('msgid "预约"\nmsgstr "Book"\n', encoding="utf-8")
    assets.compile_catalogues(checkout)
    first = target.read_bytes()
    assert b"Book" in first
    target.write_bytes(b"kept")
    assets.compile_catalogues(checkout)
    assert target.read_bytes() == b"kept"
    later = target.stat().st_mtime + 5
    os.utime(source, (later, later))
    assets.compile_catalogues(checkout)
    assert target.read_bytes() == first
