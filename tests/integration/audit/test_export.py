"""An export is verified with nothing but itself and the public key; any change to it is found."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from audit import commands
from audit.queries.log import export_lines, public_keys
from audit.services.keys import rotate_key, signing_key
from audit.services.log import seal
from audit.verifier import Fault, Keys, key_id, main, read_keys, verify
from core import clock
from core.database import transaction
from core.errors import NotFound
from portal.factory import ROOT
from tests.factories.audit import Copies, note_event, note_events

EDITS = 10_000
SEED = 9162
Edit = Callable[[Random, list[bytes]], list[bytes]]


@pytest.fixture
def exported(session: Session) -> tuple[bytes, Keys]:
    """Two days of the log, with days before and after, and a key rotated in between."""
    copies = Copies()
    for day in range(4):
        with clock.shifted(timedelta(days=day)):
            note_events(7)
            note_event(outcome="denied")
            seal(copies, batch=4)
        if day == 1:
            with transaction() as work:
                rotate_key(work)
    since, until = clock.today() + timedelta(days=1), clock.today() + timedelta(days=2)
    lines = export_lines(session, since, until, signing_key(session))
    return b"".join(lines), read_keys(public_keys(session).encode())


def read(export: bytes, keys: Keys) -> object:
    return verify(export.splitlines(keepends=True), keys)


def test_an_export_holds_what_was_sealed_on_its_days(exported: tuple[bytes, Keys]) -> None:
    found = verify(exported[0].splitlines(keepends=True), exported[1])
    # Each day has two batches of four and a head for them, and one more that found nothing to take.
    assert (found.leaves, found.heads) == (range(8, 24), range(3, 10))


def flip(chance: Random, lines: list[bytes]) -> list[bytes]:
    """One byte is another."""
    number = chance.randrange(len(lines))
    line = bytearray(lines[number])
    line[chance.randrange(len(line))] = chance.randrange(256)
    return [*lines[:number], bytes(line), *lines[number + 1 :]]


def change_digit(chance: Random, lines: list[bytes]) -> list[bytes]:
    """A number is another: a leaf's, a time's, a digest's."""
    number = chance.randrange(len(lines))
    line = bytearray(lines[number])
    digits = [at for at, byte in enumerate(line) if chr(byte) in "0123456789abcdef"]
    line[chance.choice(digits)] = chance.choice(b"0123456789abcdef")
    return [*lines[:number], bytes(line), *lines[number + 1 :]]


def insert_byte(chance: Random, lines: list[bytes]) -> list[bytes]:
    number = chance.randrange(len(lines))
    at = chance.randrange(len(lines[number]))
    line = lines[number][:at] + bytes([chance.randrange(256)]) + lines[number][at:]
    return [*lines[:number], line, *lines[number + 1 :]]


def delete_byte(chance: Random, lines: list[bytes]) -> list[bytes]:
    number = chance.randrange(len(lines))
    at = chance.randrange(len(lines[number]))
    line = lines[number][:at] + lines[number][at + 1 :]
    return [*lines[:number], line, *lines[number + 1 :]]


def delete_lines(chance: Random, lines: list[bytes]) -> list[bytes]:
    begin = chance.randrange(len(lines))
    return lines[:begin] + lines[begin + chance.randint(1, 4) :]


def repeat_line(chance: Random, lines: list[bytes]) -> list[bytes]:
    at = chance.randrange(len(lines))
    return [*lines[:at], chance.choice(lines), *lines[at:]]


def swap_lines(chance: Random, lines: list[bytes]) -> list[bytes]:
    changed = list(lines)
    one, other = chance.sample(range(len(lines)), 2)
    changed[one], changed[other] = lines[other], lines[one]
    return changed


def swap_events(chance: Random, lines: list[bytes]) -> list[bytes]:
    """Two events change places, and their numbers are put right."""
    at = [number for number, line in enumerate(lines) if line.startswith(b'{"event"')]
    one, other = chance.sample(at, 2)
    changed = list(lines)
    left, right = lines[one].rsplit(b',"leaf"', 1), lines[other].rsplit(b',"leaf"', 1)
    changed[one] = right[0] + b',"leaf"' + left[1]
    changed[other] = left[0] + b',"leaf"' + right[1]
    return changed


def move_line(chance: Random, lines: list[bytes]) -> list[bytes]:
    changed = list(lines)
    line = changed.pop(chance.randrange(len(changed)))
    changed.insert(chance.randrange(len(lines)), line)
    return changed


def cut(chance: Random, lines: list[bytes]) -> list[bytes]:
    """The end is missing, within a line or at one's end."""
    number = chance.randrange(len(lines))
    if chance.random() < 0.5:
        return lines[:number]
    return [*lines[:number], lines[number][: chance.randrange(len(lines[number]))]]


EVERY: tuple[Edit, ...] = (
    flip, change_digit, insert_byte, delete_byte, delete_lines,
    repeat_line, swap_lines, swap_events, move_line, cut,
)  # fmt: skip


def edits(original: bytes) -> Iterator[tuple[str, bytes]]:
    """So many different exports that were tampered with."""
    chance = Random(SEED)
    lines = original.splitlines(keepends=True)
    made = 0
    while made < EDITS:
        edit = chance.choice(EVERY)
        tampered = b"".join(edit(chance, lines))
        if tampered != original:
            made += 1
            yield edit.__name__, tampered


def test_ten_thousand_random_tamperings_are_all_found(exported: tuple[bytes, Keys]) -> None:
    original, keys = exported
    missed = []
    for name, tampered in edits(original):
        try:
            read(tampered, keys)
        except Fault:
            continue
        missed.append((name, tampered))
    assert missed == []


def test_a_foreign_key_verifies_nothing(exported: tuple[bytes, Keys]) -> None:
    foreign = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(Fault, match="line 1: the signature of this export does not hold"):
        read(exported[0], {key_id(foreign): foreign})


def test_days_without_a_sealed_event_have_no_export(session: Session) -> None:
    seal(Copies())
    day = clock.today() - timedelta(days=9)
    with pytest.raises(NotFound):
        list(export_lines(session, day, day, signing_key(session)))


def test_the_commands_seal_verify_and_export(
    app: Flask,
    committed_database: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copies = Copies()
    monkeypatch.setattr(commands, "head_copies", lambda: copies)
    runner = app.test_cli_runner()
    note_events(5)
    assert runner.invoke(commands.audit, ["seal"]).output == "Sealed 5 events.\n"
    verified = runner.invoke(commands.audit, ["verify"])
    assert verified.output == "Verified: 5 events, 1 heads, 1 copies; all fit together.\n"
    runner.invoke(commands.audit, ["rotate-key"])
    day, file = clock.today().isoformat(), tmp_path / "day.jsonl"
    written = runner.invoke(commands.audit, ["export", "--from", day, "--to", day, str(file)])
    assert written.exit_code == 0, written.output
    keys = tmp_path / "day.jsonl.pem"
    assert runner.invoke(commands.audit, ["public-keys"]).output == keys.read_text()
    assert main([str(file), str(keys)]) == 0
    assert "Verified: 5 events (leaves 0 to 4)" in capsys.readouterr().out
    with committed_database.begin() as connection:
        connection.exec_driver_sql("UPDATE core_audit_event SET action = 'x'")
    found = runner.invoke(commands.audit, ["verify"])
    assert (found.exit_code, "5 findings among 5 events" in found.output) == (1, True)


def test_the_verifier_needs_nothing_of_the_portal_but_the_tree(
    exported: tuple[bytes, Keys], session: Session, tmp_path: Path
) -> None:
    """Copied out with core/merkle.py, it runs where the portal is not installed."""
    for name in ("audit/verifier.py", "core/merkle.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "export").write_bytes(exported[0])
    (tmp_path / "keys.pem").write_text(public_keys(session))
    command = [sys.executable, "-m", "audit.verifier", "export", "keys.pem"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    (tmp_path / "export").write_bytes(exported[0][:-1])
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr.startswith("NOT VERIFIED. line ")) == (1, True)
