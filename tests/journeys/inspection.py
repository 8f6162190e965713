"""What must hold on every page that anybody reaches."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

SEVERE = ("serious", "critical")
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# What sticks out of the window without a scrolling parent of its own.
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const scrolls = element => {
    for (let e = element.parentElement; e && e !== document.body; e = e.parentElement)
      if (getComputedStyle(e).overflowX !== 'visible') return true;
    return false;
  };
  return [...document.body.querySelectorAll('*')]
    .filter(e => e.getBoundingClientRect().right > width + 1 && !scrolls(e))
    .map(e => e.outerHTML.slice(0, 120)).slice(0, 5).concat(['…']);
}"""
# The browser repeats a status that `_answered` judges better.
STATUS_MESSAGE = "Failed to load resource"
VARIABLE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


class Inspector:
    """Collects what is wrong on the pages of one test; `seen` spares the same page a second axe."""

    def __init__(self, origins: Iterable[str], seen: set[tuple[str, ...]]) -> None:
        self.problems: list[str] = []
        self._origins = tuple(origins)
        self._seen = seen
        self._axe = Axe()

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page of this browser, pop-ups too."""
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("console", self._said)
        context.on("weberror", self._threw)

    def inspect(self, page: Page, own: bool) -> None:
        """Look at the page as it stands; only our own pages are judged for their looks."""
        if not own:
            return
        where = f"{page.viewport_size and page.viewport_size['width']} px {page.url}"
        overflowing = page.evaluate(OVERFLOW)
        if overflowing:
            self.problems.append(f"{where}: scrolls sideways: {overflowing}")
        self._accessibility(page, where)

    def _accessibility(self, page: Page, where: str) -> None:
        path = VARIABLE.sub("#", urlsplit(page.url).path)
        heading = VARIABLE.sub("#", page.locator("h1").first.inner_text())
        kind = (where.split()[0], path, heading, page.locator("html").get_attribute("lang") or "")
        if kind in self._seen:
            return
        self._seen.add(kind)
        found = self._axe.run(page, options=OPTIONS).response["violations"]
        for violation in found:
            if violation["impact"] in SEVERE:
                nodes = [node["html"][:160] for node in violation["nodes"][:3]]
                self.problems.append(f"{where}: {violation['id']}: {violation['help']}: {nodes}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((*self._origins, "data:", "blob:", "about:")):
            self.problems.append(f"asked another origin: {request.url}")

    def _answered(self, response: Response) -> None:
        part = response.request.resource_type != "document"
        if response.status >= 500 or (part and response.status >= 400):
            self.problems.append(f"{response.status} {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(STATUS_MESSAGE):
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _threw(self, error: WebError) -> None:
        self.problems.append(f"script error: {error.error}")
