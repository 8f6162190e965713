"""Who may do what to the organisation, asked of the policies themselves."""

from uuid import UUID

import pytest

from core.access import Actor, PolicyBook, Resource, Role
from core.ids import new_id
from directory.divisions import division_path, division_prefix
from directory.models import Institution
from directory.resources import (
    department_resource,
    institution_at,
    institution_resource,
    responsibility,
    staff_resource,
    team_resource,
)
from directory.schemas import Action, ChangeInstitution, ChangeStaff
from portal.factory import ROOT

CITY, COUNTY, TOWNSHIP, OTHER = "990100", "990102", "990102001", "990103001"
INSTITUTION = UUID(int=7)


@pytest.fixture(scope="module")
def book() -> PolicyBook:
    """The policies of the two rooms concerned."""
    return PolicyBook([ROOT / "auth", ROOT / "directory"])


def holding(role: Role, *units: str) -> Actor:
    """An actor with this role on these units."""
    return Actor(new_id(), grants={role: frozenset(units)})


def institution(division_code: str = TOWNSHIP) -> Institution:
    """An institution that is in no database."""
    return Institution(id=INSTITUTION, division_code=division_code)


CHANGES: list[tuple[Action, Resource]] = [
    (Action.CHANGE_INSTITUTION, institution_resource(institution())),
    (Action.READ_HISTORY, institution_resource(institution())),
    (Action.CREATE_DEPARTMENT, department_resource(None, institution())),
    (Action.DISABLE_STAFF, staff_resource(None, institution())),
    (Action.CHANGE_TEAM, team_resource(None, institution())),
]
DECISIONS: list[tuple[Action, Resource]] = [
    (Action.CREATE_INSTITUTION, institution_at(TOWNSHIP)),
    (Action.DISABLE_INSTITUTION, institution_resource(institution())),
]


@pytest.mark.parametrize(("action", "resource"), CHANGES)
@pytest.mark.parametrize("unit", [CITY, COUNTY, TOWNSHIP, str(INSTITUTION)])
def test_administrators_change_what_lies_within_their_units(
    book: PolicyBook, unit: str, action: Action, resource: Resource
) -> None:
    allowed, policies = book.decide(holding(Role.ADMINISTRATOR, unit), action, resource)
    assert allowed and policies == ["directory.change-own-units"]


@pytest.mark.parametrize(("action", "resource"), [*CHANGES, *DECISIONS])
def test_nobody_else_does(book: PolicyBook, action: Action, resource: Resource) -> None:
    elsewhere = holding(Role.ADMINISTRATOR, OTHER, str(UUID(int=8)))
    others = [holding(role, CITY, COUNTY, str(INSTITUTION)) for role in Role
              if role is not Role.ADMINISTRATOR]  # fmt: skip
    for actor in (Actor(new_id()), elsewhere, *others):
        assert book.decide(actor, action, resource) == (False, [])


@pytest.mark.parametrize(("action", "resource"), DECISIONS)
def test_opening_and_closing_is_for_those_above(
    book: PolicyBook, action: Action, resource: Resource
) -> None:
    for unit in (CITY, COUNTY, TOWNSHIP):
        assert book.decide(holding(Role.ADMINISTRATOR, unit), action, resource)[0]
    own = holding(Role.ADMINISTRATOR, str(INSTITUTION))
    assert not book.decide(own, action, resource)[0]


def test_lists_are_for_those_who_administer_anything(book: PolicyBook) -> None:
    actor = holding(Role.ADMINISTRATOR, COUNTY)
    scope = actor.units(Role.ADMINISTRATOR)
    assert book.decide(actor, Action.ADMINISTER, responsibility(scope))[0]
    assert not book.decide(Actor(new_id()), Action.ADMINISTER, responsibility([]))[0]


@pytest.mark.parametrize(
    ("code", "path", "prefix"),
    [
        (CITY, (CITY,), "9901"),
        (COUNTY, (COUNTY, CITY), COUNTY),
        (TOWNSHIP, (TOWNSHIP, COUNTY, CITY), TOWNSHIP),
        (f"{TOWNSHIP}201", (TOWNSHIP, COUNTY, CITY), f"{TOWNSHIP}201"),
    ],
)
def test_a_division_knows_those_above_it(code: str, path: tuple[str, ...], prefix: str) -> None:
    assert division_path(code) == path
    assert division_prefix(code) == prefix


def test_a_change_writes_only_what_was_given() -> None:
    assert ChangeInstitution(version=1, beds=0, address="").values() == {"beds": 0, "address": ""}
    assert ChangeInstitution(version=1, name=None).values() == {}
    none = ChangeStaff(version=1, department_id=None)
    assert none.values() == {}
    assert none.values(emptied={"department_id"}) == {"department_id": None}
