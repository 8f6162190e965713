"""Commands and views of the residents room."""

from residents.schemas.people import (
    Action,
    OwnIdentity,
    PersonSearch,
    PersonView,
    Sex,
    VerifyIdentity,
    age_on,
)
from residents.schemas.representation import (
    Basis,
    Consent,
    ConsentAction,
    Family,
    FamilyMember,
    GiveConsent,
    RepresentationView,
    Scope,
    Side,
)

__all__ = [
    "Action",
    "Basis",
    "Consent",
    "ConsentAction",
    "Family",
    "FamilyMember",
    "GiveConsent",
    "OwnIdentity",
    "PersonSearch",
    "PersonView",
    "RepresentationView",
    "Scope",
    "Sex",
    "Side",
    "VerifyIdentity",
    "age_on",
]
