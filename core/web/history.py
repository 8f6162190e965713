"""A history and a collision of changes, as pages show them: in words, not in codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from core.history import ChangeView
from core.messages import N_
from core.web.forms import Form
from core.web.languages import gettext

Words = Mapping[str, Mapping[str, str]]
NOTHING = "—"
NAMES = ("name", "display_name")


@dataclass(frozen=True, slots=True)
class Line:
    """One field: what it was and what it became."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Who changed what, when."""

    at: datetime
    who: str
    lines: list[Line]
    created: bool


def in_words(
    changes: Sequence[ChangeView], labels: Mapping[str, str], words: Words
) -> list[HistoryEntry]:
    """History entries in the reader's language. ``labels`` and ``words`` (field → code → label)
    hold catalogue keys; what has none is shown as it is.
    """
    return [
        HistoryEntry(
            at=change.at,
            who=change.actor_name,
            lines=[
                Line(
                    gettext(labels.get(field, field)),
                    _word(before, words.get(field, {})),
                    _word(after, words.get(field, {})),
                )
                for field, (before, after) in change.changes.items()
            ],
            created=_begins(change),
        )
        for change in changes
    ]


def collision(
    form: Form[Any], current: BaseModel, labels: Mapping[str, str], words: Words
) -> list[Line]:
    """What was typed beside the state that somebody else made meanwhile, where they differ; empty
    where the form was made on the current state.

    The form then carries the current version: saving it again is a choice made knowingly.
    """
    now = current.model_dump(mode="json")
    if form.values.get("version") == str(now["version"]):
        return []
    lines = []
    for field, typed in form.values.items():
        if field in now and field != "version" and _differs(typed, now[field]):
            known = words.get(field, {})
            lines.append(
                Line(
                    gettext(labels.get(field, field)), _word(now[field], known), _word(typed, known)
                )
            )
    form.values["version"] = str(now["version"])
    return lines


def _begins(change: ChangeView) -> bool:
    """Whether the thing got its name with this entry."""
    names = [change.changes[field] for field in NAMES if field in change.changes]
    return change.version == 1 and any(before is None for before, _ in names)


def _word(value: object, words: Mapping[str, str]) -> str:
    if value is None or value == "" or value == []:
        return NOTHING
    if isinstance(value, list):
        return ", ".join(_word(each, words) for each in value)
    if isinstance(value, bool) or value in ("true", "false"):
        return gettext(N_("是")) if value in (True, "true") else gettext(N_("否"))
    text = str(value)
    return gettext(words[text]) if text in words else text


def _typed(value: object) -> str:
    """A value as a form would have it; of a list, its words."""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, list):
        return " ".join(str(each) for each in value)
    return "" if value is None else str(value)


def _differs(typed: str, value: object) -> bool:
    """Whether a form has another value; of a list, its words count, not how they are parted."""
    return (" ".join(typed.split()) if isinstance(value, list) else typed) != _typed(value)
