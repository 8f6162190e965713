"""Sentences for people: marked for translation where written, translated where shown."""

from dataclasses import dataclass, field


def N_(sentence: str) -> str:  # noqa: N802  gettext's customary name for a marker
    """Mark a sentence for the catalogue without translating it; the web edge translates."""
    return sentence


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence (the catalogue's key) and what fills its ``%(name)s`` places."""

    sentence: str
    values: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.values if self.values else self.sentence
