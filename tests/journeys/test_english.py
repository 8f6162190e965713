"""Every main page in English: what the product says is English, only data stays Chinese."""

import re

import pytest
from playwright.sync_api import expect

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
        "/auth/security/password", "/auth/security/passkeys/new", "/appointments/find",
        "/appointments/find?q=fever", "/appointments/waits/", "/appointments/record",
        "/appointments/conduct", "/appointments/referrals/mine",
    ),
    "demo-leader": (
        "/family-doctor/today", "/family-doctor/panel", "/family-doctor/applications",
        "/service-records/", "/service-records/new", "/appointments/referrals/",
        "/appointments/referrals/?folder=sent",
    ),
    "demo-registrar": (
        "/appointments/day-list", "/auth/recovery/", "/auth/recovery/new", "/appointments/desk/",
        "/appointments/queues", "/appointments/screens", "/appointments/review",
        "/appointments/appeals", "/appointments/reviews", "/appointments/exchange/",
        "/appointments/referrals/", "/appointments/schedule/",
        "/appointments/schedule/sessions/new", "/appointments/schedule/templates",
        "/appointments/schedule/templates/new", "/appointments/schedule/copy",
        "/appointments/schedule/exceptions",
    ),
    "demo-admin": (
        "/admin/", "/admin/institutions/", "/admin/departments/", "/admin/staff/", "/admin/teams/",
        "/admin/accounts/", "/admin/institutions/new", "/admin/staff/new", "/admin/teams/new",
        "/admin/accounts/new", "/auth/recovery/", "/auth/security",
        "/appointments/schedule/rules", "/appointments/schedule/holidays",
        "/appointments/conduct-rules", "/appointments/reviews", "/appointments/exchange/links",
    ),
    "demo-security": (
        "/admin/security/", "/admin/permissions/", "/admin/permissions/gov_stats:read",
        "/admin/accounts/",
    ),
    "demo-analyst": (
        "/statistics/", "/statistics/?tab=primary-care", "/statistics/?tab=graded-diagnosis",
    ),
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


@pytest.mark.parametrize("screen", [DESKTOP], indirect=True)
def test_the_day_at_a_hospital_reads_english(visit: Visit, staff: Staff) -> None:
    desk, hall = visit(), visit()
    staff.sign_in(desk, "demo-registrar", ANY)
    desk.go("/appointments/screens?lang=en", ANY)
    desk.main.locator("input[name=name]").fill("Second floor")
    desk.main.locator("input[name=department_ids]").first.check()
    desk.main.locator("form:has(input[name=department_ids]) button").last.click()
    shown = desk.main.locator(".screen-address a")
    expect(shown).to_be_visible()
    address = shown.get_attribute("href") or ""
    hall.go("/auth/sign-in?lang=en", ANY)
    assert left(hall, address) == []
    desk.go("/appointments/queues", ANY)
    for path in first_links(desk, "/appointments/queues/"):
        assert left(desk, path) == []
    desk.go("/appointments/schedule/", ANY)
    for path in first_links(desk, "/appointments/schedule/sessions/"):
        assert left(desk, path) == []


def first_links(visitor: Visitor, begins: str) -> list[str]:
    """The first link of the page that leads there, where the demo has any today."""
    found = visitor.main.locator(f"a[href^='{begins}']").all()
    return [href for link in found[:1] if (href := link.get_attribute("href"))]


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
