"""Checks an export of the log: `python -m audit.verifier EXPORT PUBLIC_KEY`.

Whoever verifies needs this file, ``core/merkle.py``, the cryptography library, the export, and the
public keys that were published (PEM, one or more). Nothing is asked of the portal or its database.
The format is defined here, and the portal writes what this file reads.

An export is lines of canonical JSON, each ended by a newline:

    {"export": {…}, "signature": "…"}      what the export covers; once, at the top
    {"event": {…}, "leaf": n}              an event and its place in the log
    {"head": {…}, "signature": "…"}        the log as it stood then, over all leaves before

The first head is the one before the exported events; with it and the frontier at the top the rest
of the log need not be there. Each head names the digest of the head before.
"""

import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from core.merkle import Frontier, leaf_hash

VERSION = 1
# What a signature is for stands before the signed text, so that none can be taken for another.
CONTEXTS = {"head": b"kangqiao audit head 1\n", "export": b"kangqiao audit export 1\n"}
PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)

Statement: TypeAlias = dict[str, Any]
Keys: TypeAlias = Mapping[str, Ed25519PublicKey]


class Fault(Exception):
    """The export is not what was logged; the text says what was found, and on which line."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What an export was proved to hold: these events, and the heads around them."""

    since: str
    until: str
    leaves: range
    heads: range
    sealed_at: str


def canonical(value: object) -> bytes:
    """The one spelling of a JSON value (RFC 8785, for texts, whole numbers, lists and objects)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def signed_text(kind: str, statement: Statement) -> bytes:
    """What is signed of a statement."""
    return CONTEXTS[kind] + canonical(statement)


def digest(statement: Statement) -> bytes:
    """What the next head names as the one before it."""
    return hashlib.sha256(canonical(statement)).digest()


def key_id(key: Ed25519PublicKey) -> str:
    """The thumbprint of a public key (RFC 7638, RFC 8037)."""
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(key.public_bytes_raw())}
    return _base64url(hashlib.sha256(canonical(jwk)).digest())


def read_keys(pem: bytes) -> dict[str, Ed25519PublicKey]:
    """The public keys of a PEM file by their id. Raises Fault where it holds none."""
    keys = {}
    for block in PEM.findall(pem):
        key = load_pem_public_key(block)
        if isinstance(key, Ed25519PublicKey):
            keys[key_id(key)] = key
    if not keys:
        raise Fault("the file of public keys holds no Ed25519 key")
    return keys


def signature_holds(kind: str, statement: Statement, signature: bytes, keys: Keys) -> bool:
    """Whether the key that the statement names is known and has signed it."""
    key = keys.get(str(statement.get("kid")))
    if key is None:
        return False
    try:
        key.verify(signature, signed_text(kind, statement))
    except InvalidSignature:
        return False
    return True


def verify(lines: Iterable[bytes], keys: Keys) -> Verified:
    """Check every line, newlines included. Raises Fault at the first that is not as it was."""
    return _Reader(keys).read(lines)


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class _Reader:
    """Follows an export, line by line."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._line = 0
        self._tree = Frontier()
        self._head: Statement | None = None

    def read(self, lines: Iterable[bytes]) -> Verified:
        export: Statement | None = None
        for line in lines:
            self._line += 1
            try:
                if export is None:
                    export = self._signed("export", line)
                    self._begin(export)
                elif line.startswith(b'{"event":'):
                    self._event(line)
                else:
                    self._follow(export, self._signed("head", line))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self._fail("the line is not as the portal writes it")
        if export is None:
            self._fail("the export is empty")
        return self._end(export)

    def _begin(self, export: Statement) -> None:
        if export["version"] != VERSION:
            self._fail(f"version {export['version']} of the format is not known")
        self._tree = Frontier(export["from_leaf"], [bytes.fromhex(h) for h in export["frontier"]])

    def _event(self, line: bytes) -> None:
        event = json.loads(line)["event"]
        if line != canonical({"event": event, "leaf": self._tree.size}) + b"\n":
            self._fail(f"this is not leaf {self._tree.size}, which has its place here")
        self._tree.append(leaf_hash(canonical(event)))

    def _follow(self, export: Statement, head: Statement) -> None:
        number, before = head["number"], self._head
        expected = export["from_head"] if before is None else before["number"] + 1
        if number != expected:
            self._fail(f"head {expected} is missing: here stands {number}")
        if before is not None and head["previous"] != digest(before).hex():
            self._fail(f"head {number} does not follow the one before it")
        if head["size"] != self._tree.size:
            self._fail(f"head {number} covers {head['size']} leaves, here are {self._tree.size}")
        if head["root"] != self._tree.root().hex():
            self._fail(f"an event before head {number} is not as it was signed")
        self._head = head

    def _end(self, export: Statement) -> Verified:
        if self._head is None or self._head["number"] != export["to_head"]:
            self._fail(f"the export was cut: head {export['to_head']} is missing")
        if self._tree.size != export["to_leaf"]:
            self._fail("events stand behind the last head")
        return Verified(
            since=export["since"],
            until=export["until"],
            leaves=range(export["from_leaf"], export["to_leaf"]),
            heads=range(export["from_head"], export["to_head"] + 1),
            sealed_at=self._head["time"],
        )

    def _signed(self, kind: str, line: bytes) -> Statement:
        parsed = json.loads(line)
        statement: Statement = parsed[kind]
        signature = bytes.fromhex(parsed["signature"])
        written = canonical({kind: statement, "signature": signature.hex()}) + b"\n"
        if line != written or not signature_holds(kind, statement, signature, self._keys):
            self._fail(f"the signature of this {kind} does not hold")
        return statement

    def _fail(self, reason: str) -> NoReturn:
        raise Fault(f"line {self._line}: {reason}")


def main(arguments: list[str]) -> int:
    """Say what was verified (0) or which fault was found (1)."""
    if len(arguments) != 2:
        print("usage: python -m audit.verifier EXPORT PUBLIC_KEY", file=sys.stderr)
        return 2
    export, public_key = map(Path, arguments)
    try:
        keys = read_keys(public_key.read_bytes())
        with export.open("rb") as lines:
            found = verify(lines, keys)
    except Fault as fault:
        print(f"NOT VERIFIED. {fault}", file=sys.stderr)
        return 1
    print(
        f"Verified: {len(found.leaves)} events (leaves {found.leaves.start} to"
        f" {found.leaves.stop - 1}), sealed from {found.since} to {found.until} by heads"
        f" {found.heads.start} to {found.heads.stop - 1}, the last of {found.sealed_at}."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
