"""openid-client in a Node process of its own, step by step."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.peers import PEERS

SCRIPT = "relying_party.mjs"


class RelyingPartyError(Exception):
    """openid-client refused; ``code`` is the protocol's error or the library's own."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


class Peer:
    """The running process; a method of relying_party.mjs a call."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, step: str, **given: Any) -> dict[str, Any]:
        """Take a step. Raises RelyingPartyError."""
        reader, writer = self._process.stdout, self._process.stdin
        assert reader and writer
        writer.write(json.dumps({"do": step, **given}) + "\n")
        writer.flush()
        answer: dict[str, Any] = json.loads(reader.readline())
        if "error" in answer:
            raise RelyingPartyError(answer["error"], answer["reason"])
        return answer


@contextmanager
def running() -> Iterator[Peer]:
    """A fresh relying party while the block runs."""
    command = ["node", SCRIPT]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=PEERS, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Peer(process)
        finally:
            process.terminate()
