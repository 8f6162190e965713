"""What forms offer to choose from, and how codes and histories read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import request, url_for
from pydantic import BaseModel
from sqlalchemy.orm import Session

from auth.public import ACCOUNT_SUBJECT
from auth.schemas import HISTORY_LABELS as ACCOUNT_LABELS
from core.access import Actor
from core.history import ChangeView
from core.paging import HIGHEST_LIMIT
from core.web.forms import Form
from core.web.history import HistoryEntry, Line, collision, in_words
from core.web.languages import gettext
from core.web.names import named
from directory import codes
from directory.queries import list_departments, list_specialties
from directory.queries.administration import (
    colleagues,
    division_choices,
    institution_choices,
)
from directory.schemas import DepartmentSearch, DivisionView, Kind

Choices = list[tuple[str, str]]
LABELS: dict[str, str] = ACCOUNT_LABELS | codes.HISTORY_LABELS
# Inputs whose history goes under another name.
INPUT_LABELS = LABELS | {
    "division_code": codes.HISTORY_LABELS["division"],
    "specialty_code": codes.HISTORY_LABELS["specialty"],
    "department_id": codes.HISTORY_LABELS["department"],
}


# Where the history of each kind is shown, and what its id is called there.
PAGES: dict[str, tuple[str, str]] = {
    Kind.INSTITUTION: ("directory_institutions.history", "institution_id"),
    Kind.DEPARTMENT: ("directory_departments.history", "department_id"),
    Kind.STAFF: ("directory_staff.history", "staff_id"),
    Kind.TEAM: ("directory_teams.history", "team_id"),
    ACCOUNT_SUBJECT: ("auth_accounts.history", "account_id"),
}


def translated_choices(labels: Mapping[str, str]) -> Choices:
    """Codes with their labels in the reader's language."""
    return [(code, gettext(label)) for code, label in labels.items()]


def level_choices() -> Choices:
    """Grades; they are kept in words."""
    return [(level, gettext(level)) for level in codes.LEVELS]


def divisions(session: Session, actor: Actor) -> Choices:
    """The divisions the actor may choose, townships indented under their county."""
    return [(view.code, _division(view)) for view in division_choices(session, actor)]


def institutions(session: Session, actor: Actor) -> Choices:
    """The institutions the actor administers."""
    return [(str(key), name) for key, name in institution_choices(session, actor)]


def only(offered: Choices) -> str:
    """The one choice there is, else nothing."""
    return offered[0][0] if len(offered) == 1 else ""


def departments(session: Session, institution_id: str) -> Choices:
    """The departments in service of an institution, a page of them; none for no institution."""
    key = _uuid(institution_id)
    if key is None:
        return []
    search = DepartmentSearch(institution_id=key, limit=HIGHEST_LIMIT)
    return [(str(view.id), view.name) for view in list_departments(session, search).items]


def staff(session: Session, institution_id: str) -> Choices:
    """The staff in service of an institution with their profession; none for no institution."""
    key = _uuid(institution_id)
    if key is None:
        return []
    return [
        (str(view.id), f"{view.name} · {_profession(view.profession)}")
        for view in colleagues(session, key)
    ]


def specialties(session: Session) -> Choices:
    """Clinical specialties by code."""
    return [(code, f"{code} {name}") for code, name in list_specialties(session)]


def emptied(*names: str) -> dict[str, str]:
    """Inputs that may be emptied: a form counts an empty input as missing, which would leave the
    old text standing.
    """
    return {name: request.form.get(name, "").strip() for name in names}


@dataclass(frozen=True, slots=True)
class RecentChange:
    """An entry of the history among those of other things."""

    kind: str
    name: str
    url: str
    entry: HistoryEntry


def recent_in_words(changes: Sequence[ChangeView], names: Mapping[UUID, str]) -> list[RecentChange]:
    """The latest changes of different things, each with where to look further."""
    return [
        RecentChange(
            change.subject_type,
            names.get(change.subject_id, ""),
            _page_of(change.subject_type, change.subject_id),
            entry,
        )
        for change, entry in zip(changes, history_in_words(changes), strict=True)
    ]


def history_in_words(changes: Sequence[ChangeView]) -> list[HistoryEntry]:
    """A history of this room, or of accounts."""
    return in_words(changes, LABELS, codes.HISTORY_CODES)


def collided(form: Form[Any], current: BaseModel, offered: Mapping[str, Choices]) -> list[Line]:
    """See ``core.web.history.collision``; ``offered`` puts the form's choices into words."""
    return collision(form, current, INPUT_LABELS, {name: dict(c) for name, c in offered.items()})


def _page_of(kind: str, subject_id: UUID) -> str:
    endpoint, key = PAGES[kind]
    values: dict[str, Any] = {key: subject_id}
    return url_for(endpoint, **values)


def _profession(code: str) -> str:
    return gettext(codes.PROFESSIONS[code]) if code in codes.PROFESSIONS else code


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _division(view: DivisionView) -> str:
    name = named(view.name, view.name_en)
    return f"　{name}" if len(view.code) > 6 else name
