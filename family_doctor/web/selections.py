"""Which residents of a team an address or a form chooses."""

from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from werkzeug.datastructures import MultiDict

from family_doctor.schemas import Selection

S = TypeVar("S", bound=Selection)
# How the address says which residents were ticked: short, as it may say so a hundred times.
TICKED = "c"


def selection_of(kind: type[S], given: MultiDict[str, str], ticked: str = TICKED) -> S | None:
    """What the address or the form asks for; None where it names no team. A ticked one that is no
    id is left out, like any other mistyped filter.
    """
    contract_ids = []
    for text in given.getlist(ticked):
        with suppress(ValueError):
            contract_ids.append(UUID(text))
    names = kind.model_fields.keys() - {"contract_ids"}
    values = {name: given[name] for name in names if given.get(name)}
    with suppress(ValueError):
        return kind.model_validate(values | {"contract_ids": contract_ids})
    return None
