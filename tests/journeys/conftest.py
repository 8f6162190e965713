"""One running portal and one browser for all journeys; each test at a phone and at a desktop."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium_path
from tests.journeys import live
from tests.journeys.inspection import Inspector
from tests.journeys.live import LivePortal
from tests.journeys.people import Newcomers, Staff
from tests.journeys.visitor import DESKTOP, PHONE, Screen, Visitor

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
)  # fmt: skip
Visit: TypeAlias = Callable[[], Visitor]


@pytest.fixture(scope="package")
def portal() -> Iterator[LivePortal]:
    """The product, running. Whatever a journey did must not have crashed it.

    Not in pytest's own directory: each session of it shuts that to the database's user anew.
    """
    with tempfile.TemporaryDirectory(prefix="kangqiao-journeys-") as instance:
        with live.running(Path(instance)) as portal:
            yield portal
        assert portal.crashes() == []


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium; ended with the journeys, as its event loop would hinder others."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def seen() -> set[tuple[str, ...]]:
    """The kinds of page that axe has looked at."""
    return set()


@pytest.fixture(scope="package")
def staff() -> Staff:
    """The demo's staff, whose sessions journeys share."""
    return Staff()


@pytest.fixture(scope="package")
def newcomers() -> Newcomers:
    """People the portal does not know yet."""
    return Newcomers()


@pytest.fixture(params=[PHONE, DESKTOP], ids=lambda screen: screen.name)
def screen(request: pytest.FixtureRequest) -> Screen:
    """The two widths that journeys are made at; a long one may name its own."""
    chosen: Screen = request.param
    return chosen


@pytest.fixture
def visit(
    portal: LivePortal, browser: Browser, screen: Screen, seen: set[tuple[str, ...]]
) -> Iterator[Visit]:
    """A function that opens a fresh browser; at the end nothing may have been wrong in any."""
    inspector = Inspector(portal.origins, seen)
    opened = []

    def visitor() -> Visitor:
        context = browser.new_context(
            viewport={"width": screen.width, "height": screen.height},
            is_mobile=screen.mobile, has_touch=screen.mobile, locale="zh-CN",
            timezone_id="Asia/Shanghai", accept_downloads=True,
        )  # fmt: skip
        context.set_default_timeout(15_000)
        inspector.watch(context)
        opened.append(context)
        return Visitor(context, portal, inspector, screen)

    yield visitor
    for context in opened:
        context.close()
    assert not inspector.problems, "\n" + "\n".join(inspector.problems)
