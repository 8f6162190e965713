"""Every main page in English: what the product says is English, only data stays Chinese."""

import re

import pytest

from tests.journeys.conftest import Visit
from tests.journeys.people import Staff
from tests.journeys.visitor import DESKTOP, PHONE, Visitor

ANY = re.compile(".")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# What the product itself says: never a name, a place or a note.
SAID = (
    ".tabbar, .side-nav, .head-tabs, .page-search, .page-actions, label, thead, legend,"
    " main summary"
)
PAGES = {
    "demo-resident": (
        "/", "/me/", "/messages/", "/appointments/", "/appointments/bookings", "/family-doctor/",
        "/family-doctor/mine", "/packs/", "/packs/mine", "/packs/mine/records",
        "/packs/mine/orders", "/auth/security", "/auth/security/totp", "/auth/security/phone",
        "/auth/security/password", "/auth/security/passkeys/new",
    ),
    "demo-leader": (
        "/family-doctor/today", "/family-doctor/panel", "/family-doctor/applications",
        "/service-records/", "/service-records/new",
    ),
    "demo-registrar": ("/appointments/day-list", "/auth/recovery/", "/auth/recovery/new"),
    "demo-admin": (
        "/admin/", "/admin/institutions/", "/admin/departments/", "/admin/staff/", "/admin/teams/",
        "/admin/accounts/", "/admin/institutions/new", "/admin/staff/new", "/admin/teams/new",
        "/admin/accounts/new", "/auth/recovery/", "/auth/security",
    ),
    "demo-security": (
        "/admin/security/", "/admin/permissions/", "/admin/permissions/gov_stats:read",
        "/admin/accounts/",
    ),
    "demo-analyst": ("/statistics/", "/statistics/?tab=primary_care"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("username", "screen"),
    [(name, PHONE if name == "demo-resident" else DESKTOP) for name in PAGES],
    indirect=["screen"],
)
def test_english_is_complete(visit: Visit, staff: Staff, username: str) -> None:
    visitor = visit()
    staff.sign_in(visitor, username, ANY)
    visitor.go("/?lang=en", ANY)
    chinese = [f"{path}: {text}" for path in PAGES[username] for text in left(visitor, path)]
    assert not chinese, "\n".join(chinese)


@pytest.mark.parametrize("screen", [PHONE], indirect=True)
def test_a_stranger_reads_english(visit: Visit) -> None:
    stranger = visit()
    stranger.go("/auth/sign-in?lang=en", "Sign in")
    assert left(stranger, "/auth/sign-in") == []
    assert left(stranger, "/auth/sign-in?who=staff") == []


def left(visitor: Visitor, path: str) -> list[str]:
    """Chinese that the product says on this page; the way back to Chinese is no mistake."""
    visitor.go(path, ANY)
    said = visitor.page.locator(SAID).filter(visible=True, has_not=visitor.page.locator("option"))
    lines = [line for text in said.all_inner_texts() for line in text.splitlines()]
    return [line for line in lines if CHINESE.search(line) and line.strip() != "中文"]
