"""Where somebody may live, for a select."""

from sqlalchemy.orm import Session

from directory.public import list_divisions
from directory.schemas import DivisionView


def townships(session: Session) -> dict[str, list[DivisionView]]:
    """Townships by the name of their county."""
    divisions = list_divisions(session)
    names = {division.code: division.name for division in divisions}
    grouped: dict[str, list[DivisionView]] = {}
    for division in divisions:
        if len(division.code) > 6 and division.parent_code:  # a township, not a county
            grouped.setdefault(names[division.parent_code], []).append(division)
    return grouped
