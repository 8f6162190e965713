"""Poppler's programs, which read sealed agreements as anybody's reader would.

`python -m tests.poppler` makes sure that they are there; as root on Debian or Ubuntu it installs
them.
"""

import os
import shutil
import subprocess
import sys

PROGRAMS = ("pdfsig", "pdftotext")
PACKAGE = "poppler-utils"
MISSING = f"""The tests of sealed agreements need {" and ".join(PROGRAMS)}, and they were not found.
  Debian, Ubuntu:  apt-get install {PACKAGE}   (as root)
  macOS:  brew install poppler"""


def main() -> int:
    """Find or install them; 1 with a sentence where that fails."""
    if not _there():
        _install()
    if _there():
        return 0
    sys.stderr.write(f"{MISSING}\n")
    return 1


def program(name: str) -> str:
    """Where one of them is."""
    path = shutil.which(name)
    assert path, f"{name} is missing; run: python -m tests.poppler"
    return path


def plain_text(file: bytes) -> str:
    """The text of a PDF, laid out as it is on its pages."""
    found = subprocess.run(
        [program("pdftotext"), "-layout", "-", "-"], input=file, check=True, capture_output=True
    )
    return found.stdout.decode()


def _there() -> bool:
    return all(shutil.which(program) for program in PROGRAMS)


def _install() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    sys.stdout.write("Installing poppler's programs\n")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", PACKAGE]):
        subprocess.run(
            ["apt-get", "-qq", *command], env=environment, stdout=subprocess.DEVNULL, check=False
        )


if __name__ == "__main__":
    sys.exit(main())
