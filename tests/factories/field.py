"""A tablet in a village, for tests: it writes and chains entries as static/js/field does."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core import clock
from core.ids import new_id
from family_doctor.wording import fill
from residents.models import Person
from tests.factories.signing import STROKES

DEVICE = "d" * 64


@dataclass
class Tablet:
    """A loaded package and what was signed with it."""

    package: dict[str, Any]
    entries: list[dict[str, Any]] = field(default_factory=list)
    # The last four on the papers of those who stand for others.
    tails: dict[str, str] = field(default_factory=dict)

    @property
    def last_hash(self) -> str:
        """The end of the chain."""
        last: str = self.entries[-1]["hash"] if self.entries else self.package["seed"]
        return last

    def sign(self, person: Person | None, **more: Any) -> dict[str, Any]:
        """Somebody of the list signs, or somebody by name and number."""
        entry_id, at = new_id(), more.pop("at", clock.now())
        name = more.get("name") or (person.name if person else "")
        signing = {
            "name": name,
            "evidence": "id_card",
            "text_id": self._text_of(person),
            "pack_code": self.package["pack_code"],
            "years": self.package["years"],
            "agreed": True,
            "witness": STROKES,
            "strokes": STROKES,
            "identified_at": at.isoformat(),
            "signed_at": at.isoformat(),
        }
        if person is not None:
            signing |= self._who(person)
        signing |= more
        signing.setdefault("agreement_sha256", self.digest(signing, entry_id, at))
        return self.write(entry_id, json.dumps(signing))

    def write(self, entry_id: UUID, payload: str) -> dict[str, Any]:
        """Put an entry at the end of the chain."""
        number, previous = len(self.entries) + 1, self.last_hash
        whole = hashlib.sha256(f"{previous}\n{number}\n{payload}".encode()).hexdigest()
        entry = {
            "id": str(entry_id), "number": number, "previous": previous, "hash": whole,
            "payload": payload,
        }  # fmt: skip
        self.entries.append(entry)
        return entry

    def digest(self, signing: dict[str, Any], entry_id: UUID, at: datetime) -> str:
        """Of the text as the tablet shows it."""
        texts = {text["id"]: text for text in self.package["texts"]}
        values = {
            "contract_id": str(entry_id), "resident": signing["name"],
            "years": str(signing["years"]), "written_on": clock.local(at).date().isoformat(),
        }  # fmt: skip
        kind = "bodies"
        if "renews" in signing:
            kind, values["begins_on"] = "renewals", self._listed(signing)["renewal"]["begins_on"]
        begins = values.get("begins_on", values["written_on"])
        bought = self._listed(signing).get("extras", []) if "person_id" in signing else []
        values["continuing"] = "".join(
            f"\n{each['text']}" for each in bought if each["until"] >= begins
        )
        text = fill(texts[signing["text_id"]][kind][signing["pack_code"]], values)
        return hashlib.sha256(text.encode()).hexdigest()

    def _who(self, person: Person) -> dict[str, Any]:
        """Themself, or whoever stands for them first on the list; and what they renew."""
        who: dict[str, Any] = {"person_id": str(person.id)}
        listed = self._listed(who)
        if listed.get("renewal"):
            renewal = listed["renewal"]
            who |= {
                "renews": renewal["contract_id"], "pack_code": renewal["pack_code"],
                "years": renewal["years"],
            }  # fmt: skip
        if not listed.get("standers"):
            return who | {"id_tail": (person.id_number or "")[-4:]}
        stander = listed["standers"][0]
        by = {name: stander[name] for name in ("person_id", "name", "relation")}
        return who | {"signed_by": by | {"id_tail": self.tails[stander["person_id"]]}}

    def _listed(self, signing: dict[str, Any]) -> dict[str, Any]:
        wanted = signing["person_id"]
        rows = self.package["residents"]
        return next((each for each in rows if each["person_id"] == wanted), {})

    def _text_of(self, person: Person | None) -> str:
        listed = {each["person_id"]: each["text_id"] for each in self.package["residents"]}
        usual: str = self.package["usual_text"]
        return listed.get(str(person.id), usual) if person else usual
