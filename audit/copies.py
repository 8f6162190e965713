"""The second place of signed heads: what was copied there cannot be taken back in the database."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from core.settings import settings

# Longer than any head's line.
TAIL_BYTES = 4096
# Where the directory says itself up to which head it ever was.
COUNT = "highest.txt"


class HeadCopies(Protocol):
    """Where heads are copied to: lines that are only ever added."""

    def lines(self) -> Iterator[bytes]:
        """All lines, in the order in which they came."""

    def last_number(self) -> int:
        """The number of the last head copied; 0 before the first."""

    def highest(self) -> int:
        """The highest number that ever came, as said apart from the lines; 0 before the first."""

    def add(self, lines: Sequence[bytes]) -> None:
        """Keep these lines for good; they are on disk when this returns."""


class FileCopies:
    """Files of JSON lines in a directory, one a month so that none grows for ever."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def lines(self) -> Iterator[bytes]:
        """As ``HeadCopies``."""
        for file in self._files():
            with file.open("rb") as lines:
                yield from lines

    def last_number(self) -> int:
        """As ``HeadCopies``; a line that a crash left half-written does not count."""
        for file in reversed(self._files()):
            whole = [line for line in _tail(file) if line.endswith(b"}\n")]
            if whole:
                return int(json.loads(whole[-1])["head"]["number"])
        return 0

    def highest(self) -> int:
        """As ``HeadCopies``; lines too, so that the directory may be append-only."""
        whole = [line for line in _tail(self._count) if line.strip().isdigit()]
        return max(map(int, whole), default=0)

    def add(self, lines: Sequence[bytes]) -> None:
        """As ``HeadCopies``."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for line in lines:
            _append(self._file_of(line), line)
        numbers = [int(json.loads(line)["head"]["number"]) for line in lines]
        _append(self._count, b"%d\n" % max([self.highest(), *numbers]))

    @property
    def _count(self) -> Path:
        return self._directory / COUNT

    def _file_of(self, line: bytes) -> Path:
        month = json.loads(line)["head"]["time"][:7]
        return self._directory / f"heads-{month}.jsonl"

    def _files(self) -> list[Path]:
        return sorted(self._directory.glob("heads-*.jsonl"))


def _append(place: Path, line: bytes) -> None:
    torn = not _tail(place)[-1].endswith(b"\n")
    with place.open("ab") as file:
        file.write(b"\n" + line if torn else line)
        file.flush()
        os.fsync(file.fileno())


def _tail(file: Path) -> list[bytes]:
    """The last lines of a file, the first of them perhaps in part; an empty one for none."""
    if not file.exists():
        return [b"\n"]
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - TAIL_BYTES))
        return stream.read().splitlines(keepends=True) or [b"\n"]


def head_copies() -> HeadCopies:
    """The second place of this installation."""
    return FileCopies(settings().audit_copies)
