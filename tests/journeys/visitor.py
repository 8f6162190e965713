"""A person at a browser, in the words of a journey: go, fill, press, see."""

import os
import re
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from playwright.sync_api import BrowserContext, Download, Locator, Page, expect

from tests.journeys.inspection import Inspector
from tests.journeys.live import LivePortal

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Screen:
    """What the person holds or sits at."""

    name: str
    width: int
    height: int
    mobile: bool


PHONE = Screen("phone", 360, 740, mobile=True)
TABLET = Screen("tablet", 820, 1180, mobile=True)
DESKTOP = Screen("desktop", 1440, 900, mobile=False)


class Visitor:
    """One browser with its own cookies; each page they arrive at is inspected."""

    def __init__(
        self, context: BrowserContext, portal: LivePortal, inspector: Inspector, screen: Screen
    ) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.portal = portal
        self.screen = screen
        self._inspector = inspector

    def go(self, path: str, heading: str | re.Pattern[str]) -> None:
        """Open an address of the portal (or a whole one) and arrive."""
        self.page.goto(path if path.startswith("http") else self.portal.url + path)
        self.arrive(heading)

    def arrive(self, heading: str | re.Pattern[str]) -> None:
        """Wait until the page with this heading stands, and look at it."""
        expect(self.page.locator("h1").filter(has_text=heading).first).to_be_visible()
        self.page.wait_for_load_state("load")
        self._inspector.inspect(self.page, self.page.url.startswith(self.portal.url))
        self._picture()

    def see(self, *texts: str | re.Pattern[str]) -> None:
        """Each text stands on the page."""
        for text in texts:
            expect(self.main.get_by_text(text).filter(visible=True).first).to_be_visible()

    def miss(self, *texts: str) -> None:
        """None of the texts stands on the page."""
        for text in texts:
            expect(self.main.get_by_text(text)).to_have_count(0)

    def fill(self, label: str, value: str) -> None:
        """Type into the field of this label."""
        self.main.get_by_label(label).first.fill(value)

    def choose(self, label: str, option: str) -> None:
        """Choose from the list of this label, by words that are read there."""
        field = self.main.get_by_label(label).first
        field.select_option(field.locator("option", has_text=option).first.get_attribute("value"))

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press a button of the page or of the dialog that is open."""
        place = self.page.locator("dialog[open]")
        place = place if place.count() else self.main
        place.get_by_role("button", name=name).filter(visible=True).first.click()

    def follow(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """Follow a link of the page."""
        place = within or self.page
        place.get_by_role("link", name=name).filter(visible=True).first.click()

    def ask(self, button: str | re.Pattern[str], question: str | re.Pattern[str]) -> None:
        """Press a button that asks first; its dialog is inspected too."""
        self.press(button)
        expect(self.page.locator("dialog[open]")).to_contain_text(question)
        self._picture()

    def tab(self, label: str) -> None:
        """Go by the main navigation: the bar of tabs, or the menu that slides in on a phone, where
        the entry's group is opened first.
        """
        self._open_side_bar()
        begins = re.compile(f"^{re.escape(label)}")  # a count may follow
        group = self.page.locator("details.side-group:not([open])").filter(
            has=self.page.get_by_role("link", name=begins, include_hidden=True)
        )
        if group.count():
            group.locator("summary").click()
        navigation = self.page.get_by_role("navigation")
        navigation.get_by_role("link", name=begins).filter(visible=True).first.click()

    def open_account_menu(self) -> Locator:
        """The menu with the roles and the way out, which is always in sight, opened."""
        self._open_side_bar()
        menu = self.page.locator("details.menu").filter(visible=True)
        expect(menu.locator("summary")).to_be_in_viewport(ratio=1)
        menu.locator("summary").click()
        return menu

    def download(self, name: str | re.Pattern[str]) -> bytes:
        """The file that a link gives."""
        with self.page.expect_download() as waiting:
            self.follow(name)
        download: Download = waiting.value
        return Path(download.path()).read_bytes()

    @property
    def main(self) -> Locator:
        """The page without its frame; stand-ins have a main too."""
        return self.page.locator("main")

    def _open_side_bar(self) -> None:
        button = self.page.locator("[data-side-open]").filter(visible=True)
        if button.count():
            button.click()

    def _picture(self) -> None:
        folder = os.environ.get("SCREENSHOTS")
        if not folder:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        path = re.sub(r"[0-9a-f-]{36}|\W+", "-", self.page.url.split("/", 3)[-1])[:60].strip("-")
        name = f"{next(_numbers):03d}-{self.screen.width}-{path or 'home'}.png"
        self.page.screenshot(path=Path(folder) / name, full_page=True)
