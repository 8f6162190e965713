"""The door of the residents room."""

from residents.identity import check_digit, parse_id_number
from residents.models import GroupMembership, Household, Person
from residents.papers import verifier
from residents.ports import (
    Verdict,
    care_units,
    contracted,
    provide_care_units,
    provide_contracted,
)
from residents.queries import (
    family_of,
    find_consent,
    find_home,
    find_own_identity,
    get_person,
    matches,
    people_by_id,
    person_resource,
    places_lived_in,
    population_facts,
    representatives_of,
    represented_by,
)
from residents.services.identity import (
    check_id_number,
    find_identified,
    id_index,
    id_tail_index,
)
from residents.services.registering import register_present

__all__ = [
    "GroupMembership",
    "Household",
    "Person",
    "Verdict",
    "care_units",
    "check_digit",
    "check_id_number",
    "contracted",
    "family_of",
    "find_consent",
    "find_home",
    "find_identified",
    "find_own_identity",
    "get_person",
    "id_index",
    "id_tail_index",
    "matches",
    "parse_id_number",
    "people_by_id",
    "person_resource",
    "places_lived_in",
    "population_facts",
    "provide_care_units",
    "provide_contracted",
    "register_present",
    "representatives_of",
    "represented_by",
    "verifier",
]
