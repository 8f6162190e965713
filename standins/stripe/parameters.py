"""The form-encoded parameters of each endpoint, read strictly."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from standins.stripe.errors import NotBegun, missing

CURRENCIES = ("cny", "eur", "gbp", "hkd", "usd")
METHOD_TYPES = ("card", "alipay")
METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500
KEY = re.compile(r"(?P<head>[^\[\]]+)(?P<rest>(?:\[[^\[\]]*\])*)")

M = TypeVar("M", bound=BaseModel)


def _refuse(code: str, message: str) -> PydanticCustomError:
    """An error that keeps Stripe's own ``code``; braces in what was sent are kept as they are."""
    return PydanticCustomError(code, "{text}", {"text": message})


def _whole(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,15}", value):
        raise _refuse("parameter_invalid_integer", f"Invalid integer: {value}")
    return int(value)


def _flag(value: Any) -> bool:
    if value not in ("true", "false"):
        raise _refuse("", f"Invalid boolean: {value}")
    return bool(value == "true")


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, dict) or not all(key.isdigit() for key in value):
        raise _refuse("", "Invalid array")
    return list(value.values())


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        known = ", ".join(CURRENCIES)
        raise _refuse("", f"Invalid currency: {value}. This stand-in supports: {known}")
    return value


def _method_type(value: str) -> str:
    if value not in METHOD_TYPES:
        raise _refuse("", f'The payment method type "{value}" is invalid.')
    return value


def _metadata(value: dict[str, str]) -> dict[str, str]:
    if len(value) > METADATA_KEYS:
        raise _refuse("", f"Metadata can have up to {METADATA_KEYS} keys.")
    for key, text in value.items():
        if len(key) > METADATA_KEY_LENGTH:
            raise _refuse("", f"Metadata keys can have up to {METADATA_KEY_LENGTH} characters.")
        if len(text) > METADATA_VALUE_LENGTH:
            raise _refuse("", f"Metadata values can have up to {METADATA_VALUE_LENGTH} characters.")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Currency = Annotated[str, AfterValidator(_currency)]
MethodTypes = Annotated[
    list[Annotated[str, AfterValidator(_method_type)]], BeforeValidator(_listed)
]
Names = Annotated[list[str], BeforeValidator(_listed)]
Metadata = Annotated[dict[str, str], AfterValidator(_metadata)]
Url = Annotated[str, Field(pattern=r"^https?://")]


class Parameters(BaseModel):
    """The base of all: what is not named is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Parameters):
    """An endpoint without parameters."""


class AutomaticMethods(Parameters):
    """Whether the account's methods are offered, and those that redirect among them."""

    enabled: Flag
    allow_redirects: Literal["always", "never"] = "always"


class MethodData(Parameters):
    """A payment method made on the spot: only the kind that redirects to a page."""

    type: Literal["alipay"]


class ConfirmIntent(Parameters):
    """POST /v1/payment_intents/{id}/confirm"""

    payment_method: str | None = None
    payment_method_data: MethodData | None = None
    return_url: Url | None = None


class CreateIntent(ConfirmIntent):
    """POST /v1/payment_intents"""

    amount: Whole
    currency: Currency
    automatic_payment_methods: AutomaticMethods | None = None
    payment_method_types: MethodTypes | None = None
    capture_method: Literal["automatic", "automatic_async"] = "automatic_async"
    confirm: Flag = False
    customer: str | None = None
    description: Annotated[str, Field(max_length=1000)] | None = None
    metadata: Metadata = {}
    receipt_email: str | None = None


class CancelIntent(Parameters):
    """POST /v1/payment_intents/{id}/cancel"""

    cancellation_reason: (
        Literal["duplicate", "fraudulent", "requested_by_customer", "abandoned"] | None
    ) = None


class CreateRefund(Parameters):
    """POST /v1/refunds"""

    payment_intent: str | None = None
    charge: str | None = None
    amount: Whole | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    metadata: Metadata = {}


class ListRefunds(Parameters):
    """GET /v1/refunds"""

    payment_intent: str | None = None
    charge: str | None = None
    limit: Annotated[Whole, Field(ge=1, le=100)] = 10
    starting_after: str | None = None


class CreateCustomer(Parameters):
    """POST /v1/customers"""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    description: str | None = None
    metadata: Metadata = {}


class ListEvents(Parameters):
    """GET /v1/events; ``created`` bounds are seconds since 1970."""

    limit: Annotated[Whole, Field(ge=1, le=100)] = 10
    starting_after: str | None = None
    ending_before: str | None = None
    type: str | None = None
    types: Names | None = None
    created: dict[Literal["gt", "gte", "lt", "lte"], Whole] = {}


def read(shape: type[M], pairs: Iterable[tuple[str, str]]) -> M:
    """The parameters as ``shape``. Raises NotBegun in Stripe's words for the first at fault."""
    try:
        return shape.model_validate(_nested(pairs))
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False)[0]) from None


def _nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """``a[b]=c`` as ``{"a": {"b": "c"}}``; lists stay dictionaries with number keys."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        match = KEY.fullmatch(name)
        if match is None:
            raise NotBegun(
                f"Received unknown parameter: {name}", code="parameter_unknown", param=name
            )
        path = [match["head"], *re.findall(r"\[([^\[\]]*)\]", match["rest"])]
        if value == "" and path[0] != "metadata":
            raise _empty(name)
        _place(result, path, value, name)
    return result


def _place(result: dict[str, Any], path: list[str], value: str, name: str) -> None:
    place = result
    for part in path[:-1]:
        place = place.setdefault(part or str(len(place)), {})
        if not isinstance(place, dict):
            raise NotBegun("Invalid object", param=name)
    last = path[-1] or str(len(place))
    if last in place:
        raise NotBegun("Invalid string: given more than once", param=name)
    place[last] = value


def _empty(name: str) -> NotBegun:
    return NotBegun(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to "
        f"unset a field; however '{name}' cannot be unset. You should remove '{name}' from your "
        "request or supply a non-empty value.",
        code="parameter_invalid_empty",
        param=name,
    )


def _refusal(problem: ErrorDetails) -> NotBegun:
    head, *rest = (str(part) for part in problem["loc"])
    param = head + "".join(f"[{part}]" for part in rest)
    kind = problem["type"]
    if kind == "missing":
        return missing(param)
    if kind == "extra_forbidden":
        return NotBegun(
            f"Received unknown parameter: {param}", code="parameter_unknown", param=param
        )
    code = kind if kind.startswith("parameter_") else None
    text = (
        problem["msg"] if "text" in problem.get("ctx", {}) else f"Invalid {param}: {problem['msg']}"
    )
    return NotBegun(text, code=code, param=param)
