"""Tables of the residents room."""

from residents.models.people import GroupMembership, Household, Person
from residents.models.representation import Representation

__all__ = [
    "GroupMembership",
    "Household",
    "Person",
    "Representation",
]
