"""The pictures of the README: `python -m tests.journeys.screenshots` takes them anew.

They show the demo at its usual size, as `make run` serves it; only colours are counted down to 256.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from portal.serve import ROOT
from tests.browser import chromium_path
from tests.journeys import live
from tests.journeys.conftest import ARGUMENTS
from tests.journeys.inspection import Inspector
from tests.journeys.live import LivePortal
from tests.journeys.palette import reduced
from tests.journeys.people import Staff
from tests.journeys.visitor import DESKTOP, PHONE, Screen, Visitor

FOLDER = ROOT / "docs" / "screenshots"
# File, screen, account (nobody for the door), address.
PICTURES = (
    ("resident-home-360", PHONE, "demo-resident", "/"),
    ("doctor-today-1440", DESKTOP, "demo-leader", "/family-doctor/today"),
    ("registrar-day-list-1440", DESKTOP, "demo-registrar", "/appointments/day-list"),
    ("administration-1440", DESKTOP, "demo-admin", "/admin/institutions/"),
    ("analyst-1440", DESKTOP, "demo-analyst", "/statistics/"),
    # Last: by then the demo's other institution is registered.
    ("sign-in-360", PHONE, "", "/auth/sign-in"),
)


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="kangqiao-pictures-") as scratch,
        live.running(Path(scratch), scale="") as portal,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        for name, screen, account, path in PICTURES:
            _take(browser, portal, FOLDER / f"{name}.png", screen, account, path)
        browser.close()


def _take(
    browser: Browser, portal: LivePortal, file: Path, screen: Screen, account: str, path: str
) -> None:
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        device_scale_factor=2 if screen.mobile else 1,
        is_mobile=screen.mobile,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    visitor = Visitor(context, portal, Inspector(portal.origins, set()), screen)
    if account:
        Staff().sign_in(visitor, account, "")
    visitor.go(path, "")
    visitor.page.wait_for_load_state("networkidle")
    file.write_bytes(reduced(visitor.page.screenshot()))
    context.close()


if __name__ == "__main__":
    main()
