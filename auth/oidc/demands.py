"""What an authorization request demands of the sign-in, and asks to be told (Core 1.0, 3.1.2.1)."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6749 import OAuth2Payload as Payload

from auth.claims import CLAIM_SCOPES, Assurance
from auth.schemas.sso import Scope

PROMPTS = {"none", "login", "consent", "select_account"}
SINGLE_PARAMETERS = (
    "prompt", "max_age", "nonce", "response_mode", "code_challenge", "code_challenge_method",
    "acr_values", "claims", "login_hint", "ui_locales", "id_token_hint",
)  # fmt: skip
LEVELS = {level.acr: level for level in Assurance}
DESTINATIONS = ("userinfo", "id_token")
NO_CLAIMS: dict[str, dict[str, Any]] = {place: {} for place in DESTINATIONS}


class UnmetRequirementsError(OAuth2Error):  # type: ignore[misc]
    """The sign-in cannot be made as sure as is demanded (OpenID Connect Core Error Code
    unmet_authentication_requirements 1.0).
    """

    error = "unmet_authentication_requirements"


def check_demands(payload: Payload) -> None:
    """Raises InvalidRequestError for what cannot be understood."""
    for name in SINGLE_PARAMETERS:
        if len(payload.datalist.get(name, [])) > 1:
            raise InvalidRequestError(f"Multiple '{name}' in request.")
    if payload.data.get("response_mode", "query") != "query":
        raise InvalidRequestError("Only response_mode=query is supported.")
    if not prompts(payload) <= PROMPTS:
        raise InvalidRequestError("Unknown 'prompt'.")
    max_age = payload.data.get("max_age", "0")
    if not (max_age.isascii() and max_age.isdigit() and len(max_age) < 10):
        raise InvalidRequestError("'max_age' is a number of seconds.")
    _claims_parameter(payload)


def prompts(payload: Payload) -> set[str]:
    """What the person is to be asked."""
    return set(payload.data.get("prompt", "").split())


def wanted_level(payload: Payload) -> Assurance | None:
    """The least assurance that satisfies ``acr_values`` and an essential ``acr``. Raises
    UnmetRequirementsError where an essential one is none of ours.
    """
    wished = [LEVELS[name] for name in payload.data.get("acr_values", "").split() if name in LEVELS]
    asked = _claims_parameter(payload)["id_token"].get("acr")
    levels = [min(wished)] if wished else []
    if isinstance(asked, dict) and asked.get("essential") is True:
        values = asked.get("values", [asked["value"]] if "value" in asked else None)
        if values is not None:
            known = [LEVELS[name] for name in values if isinstance(name, str) and name in LEVELS]
            if not known:
                raise UnmetRequirementsError("The essential 'acr' is not supported.")
            levels.append(min(known))
    return max(levels, default=None)


def wanted_subject(payload: Payload) -> str | None:
    """The one person whom the request is about (5.5.1, ``sub`` with a value)."""
    asked = _claims_parameter(payload)["id_token"].get("sub")
    value = asked.get("value") if isinstance(asked, dict) else None
    return value if isinstance(value, str) else None


def wanted_claims(payload: Payload, registered: Collection[str]) -> dict[str, list[str]]:
    """The claims asked for one by one that the application may have, by where it wants them."""
    given = _claims_parameter(payload)
    wanted = {
        place: [name for name, scope in CLAIM_SCOPES.items()
                if name in given[place] and scope in registered]
        for place in DESTINATIONS
    }  # fmt: skip
    return {place: names for place, names in wanted.items() if names}


def shared_scopes(scope: str, claims: Mapping[str, Collection[str]]) -> list[str]:
    """What the person is asked for: the scopes, and those that single claims belong to."""
    named = {CLAIM_SCOPES[name] for names in claims.values() for name in names}
    return [known for known in Scope if known in scope.split() or known in named]


def _claims_parameter(payload: Payload) -> dict[str, dict[str, Any]]:
    """The ``claims`` parameter (5.5): claim names with null or an object, by place."""
    if "claims" not in payload.data:
        return NO_CLAIMS
    try:
        given = json.loads(payload.data["claims"])
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidRequestError("'claims' is a JSON object.")
    asked = {place: given.get(place) for place in DESTINATIONS}
    places = {place: {} if claims is None else claims for place, claims in asked.items()}
    for claims in places.values():
        if not isinstance(claims, dict) or not all(_is_claim(asked) for asked in claims.values()):
            raise InvalidRequestError("'claims' asks for each claim with null or an object.")
    return places


def _is_claim(asked: object) -> bool:
    if asked is None:
        return True
    values = asked.get("values", []) if isinstance(asked, dict) else None
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
