"""Tables of the residents room."""

from residents.models.bindings import Binding
from residents.models.groups import FormerMembership, GroupMembership
from residents.models.people import Household, Person
from residents.models.representation import Representation

__all__ = [
    "Binding",
    "FormerMembership",
    "GroupMembership",
    "Household",
    "Person",
    "Representation",
]
