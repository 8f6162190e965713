"""Tables of the residents room."""

from residents.models.bindings import Binding
from residents.models.duplicates import Duplicate, Merge
from residents.models.groups import FormerMembership, GroupMembership
from residents.models.homes import HomeMove, HouseholdCode
from residents.models.household import HouseholdBar
from residents.models.identifiers import Identifier, RecordSerial
from residents.models.papers import IdentityStep, PaperClaim
from residents.models.people import Household, Person
from residents.models.phones import PhoneChange
from residents.models.representation import Representation

__all__ = [
    "Binding",
    "Duplicate",
    "FormerMembership",
    "GroupMembership",
    "HomeMove",
    "Household",
    "HouseholdBar",
    "HouseholdCode",
    "Identifier",
    "IdentityStep",
    "Merge",
    "PaperClaim",
    "Person",
    "PhoneChange",
    "RecordSerial",
    "Representation",
]
