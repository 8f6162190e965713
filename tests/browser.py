"""The browser of the journeys. `python -m tests.browser` makes sure that there is one.

It takes Chromium's headless shell, else the Chromium or Chrome that is there (CHROMIUM names
another). As root on Debian it installs the shell with a Chinese font: the same engine draws a page
without a window around it, for 40 % of the processor's time.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FONT = "fonts-noto-cjk"
# A machine without a way to its packages shall not wait long for what it can do without.
APT = (
    "apt-get", "-qq", "--yes", "--no-install-recommends", "--no-remove",
    "--option=Acquire::Retries=0", "--option=Acquire::http::Timeout=20",
)  # fmt: skip
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
        if not os.environ.get("CHROMIUM") and not shutil.which(SHELL):
            _install()
        _try(chromium_path())
    except BrowserMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _install() -> None:
    """The shell or, where there is none and no other browser, a whole Chromium."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    sys.stdout.write("Installing Chromium's headless shell and a Chinese font\n")
    sys.stdout.flush()
    if _apt("install", SHELL, FONT):
        return
    _apt("update")
    if not _apt("install", SHELL, FONT) and not any(map(shutil.which, NAMES)):
        _apt("install", "chromium", FONT)


def _apt(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run([*APT, *command], env=environment, stdout=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def _try(path: str) -> None:
    """Ubuntu's package without snap leaves a program that only tells to install the snap."""
    tried = subprocess.run([path, "--version"], capture_output=True, check=False)
    if tried.returncode:
        raise BrowserMissing(f"{path} does not start.\n{MISSING}")


if __name__ == "__main__":
    sys.exit(main())
