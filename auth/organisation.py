"""The organisation tree as this room needs it; the directory, a room above, provides it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session


class UnitKind(StrEnum):
    """What a role can be granted on."""

    DIVISION = "division"
    INSTITUTION = "institution"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Unit:
    """A place in the organisation; ``path`` runs from itself to the region."""

    code: str
    name: str
    kind: UnitKind
    path: tuple[str, ...]


class Organisation(Protocol):
    """What is asked of the tree."""

    def units_by_code(self, session: Session, codes: Collection[str]) -> Mapping[str, Unit]:
        """The units of these codes; unknown ones are left out."""

    def search_units(
        self,
        session: Session,
        scope: Collection[str],
        kinds: Collection[UnitKind],
        text: str | None,
    ) -> Sequence[Unit]:
        """Units in service within ``scope`` whose name contains ``text``; the first few hundred."""

    def units_within(self, column: Any, scope: Collection[str]) -> ColumnElement[bool]:
        """The condition that a column of unit codes lies within ``scope``."""

    def accounts_of_staff(self, scope: Collection[str] | None = None) -> Select[UUID | None]:
        """The accounts of those who work within ``scope``, or anywhere."""

    def workplaces(self, session: Session, account_id: UUID) -> Sequence[str]:
        """The institutions at which the holder of an account works."""


_organisation: Organisation | None = None


def provide_organisation(organisation: Organisation) -> None:
    """Register the tree."""
    global _organisation
    _organisation = organisation


def organisation() -> Organisation:
    """The tree. Raises RuntimeError where no room provides it."""
    if _organisation is None:
        raise RuntimeError("no room provides the organisation tree")
    return _organisation
