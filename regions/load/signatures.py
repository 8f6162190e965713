"""Made-up signatures under made-up agreements: scribbles, in nobody's hand."""

from collections.abc import Iterable, Iterator
from random import Random
from uuid import UUID

from core import crypto
from family_doctor.public import digest
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.contracts import Contract

_SIGNATURE = (
    "id", "contract_id", "side", "person_id", "name", "strokes", "method", "proved_at",
    "signed_at", "text_digest",
)  # fmt: skip
_TABLE = "family_doctor_signature"
_STEP, _STROKES = 26, 3


class SignatureLoader:
    """Writes the signatures of contracts that the loader wrote before."""

    def __init__(self, bulk: Bulk, *, seed: int) -> None:
        self._bulk = bulk
        self._rng = Random(f"{seed}/scribbles")
        self._ids = Identifiers(Random(f"{seed}/signatures"))

    def load(self, contracts: Iterable[tuple[Contract, str]]) -> None:
        """The team's signature under each of these (contract, text); also the resident's where the
        contract is in force.
        """
        rows = (row for contract, text in contracts for row in self._rows(contract, text))
        self._bulk.copy(_TABLE, _SIGNATURE, rows)

    def load_kept(self, account_id: UUID) -> None:
        """The signature that the holder of an account signs with from now on."""
        strokes = crypto.encrypt(scribble(self._rng), "family_doctor_own_signature.strokes")
        self._bulk.run(
            "INSERT INTO family_doctor_own_signature (id, account_id, strokes, created_at)"
            " VALUES (%(id)s, %(account_id)s, %(strokes)s, now())",
            {"id": self._ids.new(), "account_id": account_id, "strokes": strokes},
        )

    def _rows(self, contract: Contract, text: str) -> Iterator[tuple[object, ...]]:
        leader, person = contract.team.members[0], contract.person
        signed: list[tuple[object, ...]] = []
        signed.append(("team", None, leader.name, "two_factors", contract.accepted_at))
        if contract.in_force:
            signed.append(("resident", person.id, person.name, "sms", contract.signed_at))
        for side, person_id, name, method, at in signed:
            yield (
                self._ids.new(), contract.id, side, person_id,
                crypto.encrypt(str(name), f"{_TABLE}.name"),
                crypto.encrypt(scribble(self._rng), f"{_TABLE}.strokes"),
                method, at, at, digest(text),
            )  # fmt: skip


def scribble(rng: Random) -> str:
    """Path data as a hand might leave it: some strokes from left to right."""
    strokes = []
    for part in range(_STROKES):
        x, y = 40 + part * 180, rng.randint(60, 140)
        stroke = f"M{x} {y}"
        for _ in range(6):
            x, y = x + rng.randint(8, _STEP), max(20, min(180, y + rng.randint(-70, 70)))
            stroke += f"L{x} {y}"
        strokes.append(stroke)
    return "".join(strokes)
