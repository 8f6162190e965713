"""The door of the residents room."""

from residents.identity import check_digit, parse_id_number
from residents.models import GroupMembership, Household, Person
from residents.papers import verifier
from residents.ports import (
    Verdict,
    care_units,
    contracted,
    provide_care_units,
    provide_consent_sender,
    provide_contracted,
    provide_groups,
)
from residents.queries import (
    acting,
    family_of,
    find_consent,
    find_home,
    find_own_identity,
    get_person,
    last_day_as_child,
    matches,
    may_act,
    people_by_id,
    person_resource,
    places_lived_in,
    population_facts,
    representatives_of,
    represented_by,
)
from residents.queries.bindings import find_refused
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
    "acting",
    "care_units",
    "check_digit",
    "check_id_number",
    "contracted",
    "family_of",
    "find_consent",
    "find_home",
    "find_identified",
    "find_own_identity",
    "find_refused",
    "get_person",
    "id_index",
    "id_tail_index",
    "last_day_as_child",
    "matches",
    "may_act",
    "parse_id_number",
    "people_by_id",
    "person_resource",
    "places_lived_in",
    "population_facts",
    "provide_care_units",
    "provide_consent_sender",
    "provide_contracted",
    "provide_groups",
    "register_present",
    "representatives_of",
    "represented_by",
    "verifier",
]
