"""The browser of the journeys. `python -m tests.browser` makes sure that there is one.

It takes the Chromium or Chrome that is there (CHROMIUM names another) and, as root on Debian or
Ubuntu, installs the system's own with a Chinese font.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PACKAGES = ("chromium", "fonts-noto-cjk")
MISSING = """The browser tests need Chromium or Google Chrome, and none was found.
  Debian:  apt-get install chromium fonts-noto-cjk   (as root)
  Ubuntu, macOS:  install Google Chrome
  anywhere:  set CHROMIUM to the program's path"""


class BrowserMissing(Exception):
    """There is no browser; the message says what to install."""


def chromium_path() -> str:
    """The browser's program. Raises BrowserMissing."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), *PLACES]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return candidate
    raise BrowserMissing(MISSING)


def main() -> int:
    """Find or install the browser; 1 with a sentence where that fails."""
    try:
        path = _found() or _installed()
        _try(path)
    except BrowserMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _found() -> str | None:
    try:
        return chromium_path()
    except BrowserMissing:
        return None


def _installed() -> str:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise BrowserMissing(MISSING)
    sys.stdout.write("Installing Chromium and a Chinese font\n")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(
            ["apt-get", "-qq", *command], env=environment, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            raise BrowserMissing(f"apt-get {command[0]} failed; see its message above.\n{MISSING}")
    return chromium_path()


def _try(path: str) -> None:
    """Ubuntu's package without snap leaves a program that only tells to install the snap."""
    tried = subprocess.run([path, "--version"], capture_output=True, check=False)
    if tried.returncode:
        raise BrowserMissing(f"{path} does not start.\n{MISSING}")


if __name__ == "__main__":
    sys.exit(main())
