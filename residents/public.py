"""The door of the residents room."""

from residents.holdings import Holding, provide_holdings
from residents.identity import check_digit, compose_record_number, parse_id_number
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
    born_by,
    carers_of,
    family_of,
    find_consent,
    find_home,
    find_own_identity,
    get_person,
    is_of,
    last_day_as_child,
    matches,
    may_act,
    name_of_other,
    other_name,
    people_by_id,
    person_resource,
    places_lived_in,
    population_facts,
    records_found,
    records_of,
    representatives_of,
    represented_by,
)
from residents.queries.bindings import find_refused
from residents.queries.care import labels_now, who_acts_for
from residents.queries.duplicates import find_merge
from residents.queries.household import find_bar, find_move
from residents.queries.known_by import identifier_index, papers_of, tails_of
from residents.queries.labels import groups_of
from residents.queries.papers import find_by_paper
from residents.queries.phones import find_phone_owner, find_phone_warning
from residents.queries.signers import Stander, has_stander, is_ward, standers
from residents.services.identity import (
    check_id_number,
    find_identified,
    id_index,
    id_tail_index,
)
from residents.services.labels import set_label
from residents.services.numbering import record_index
from residents.services.proposing import propose_duplicates
from residents.services.registering import register_present

__all__ = [
    "GroupMembership",
    "Holding",
    "Household",
    "Person",
    "Stander",
    "Verdict",
    "acting",
    "born_by",
    "care_units",
    "carers_of",
    "check_digit",
    "check_id_number",
    "compose_record_number",
    "contracted",
    "family_of",
    "find_bar",
    "find_by_paper",
    "find_consent",
    "find_home",
    "find_identified",
    "find_merge",
    "find_move",
    "find_own_identity",
    "find_phone_owner",
    "find_phone_warning",
    "find_refused",
    "get_person",
    "groups_of",
    "has_stander",
    "id_index",
    "id_tail_index",
    "identifier_index",
    "is_of",
    "is_ward",
    "labels_now",
    "last_day_as_child",
    "matches",
    "may_act",
    "name_of_other",
    "other_name",
    "papers_of",
    "parse_id_number",
    "people_by_id",
    "person_resource",
    "places_lived_in",
    "population_facts",
    "propose_duplicates",
    "provide_care_units",
    "provide_consent_sender",
    "provide_contracted",
    "provide_groups",
    "provide_holdings",
    "record_index",
    "records_found",
    "records_of",
    "register_present",
    "representatives_of",
    "represented_by",
    "set_label",
    "standers",
    "tails_of",
    "verifier",
    "who_acts_for",
]
