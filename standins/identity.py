"""A real-name verifier: does this resident ID number belong to this name?

It keeps its own reading of GB 11643, as an outside register would; a caller's mistake in the
check digit must not be repeated here.
"""

import re
import time
from datetime import date
from enum import StrEnum
from typing import Annotated, cast

from flask import Blueprint, Flask, Response, current_app, jsonify
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from standins.callers import Refused, read_body, refusal, require_key
from standins.config import StandinConfig

EXTENSION = "standins.identity"
MISMATCH_MARK = "不符"
RETRY_SECONDS = 5

# GB 11643-1999, 5.3: weights and the check character for each remainder modulo 11.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"

blueprint = Blueprint("identity", __name__, url_prefix="/identity")
blueprint.register_error_handler(Refused, refusal)


class Result(StrEnum):
    """What the register answers."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"


def _well_formed(number: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number):
        raise ValueError("must be 17 digits and a digit or X")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise ValueError("has an impossible date of birth") from None
    if not date(1850, 1, 1) <= born <= date.today():
        raise ValueError("has an impossible date of birth")
    return number


class Verify(BaseModel):
    """The body of a question; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
    id_number: Annotated[str, AfterValidator(_well_formed)]


def check_character(first_17: str) -> str:
    """The 18th character that belongs to the first 17 digits of a resident ID number."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, WEIGHTS, strict=True))
    return CHECK_CHARACTERS[total % 11]


def answer(config: StandinConfig, question: Verify) -> Result:
    """What the register says; a number with a wrong check character is in nobody's name."""
    number = question.id_number
    if number in config.identity_unavailable_numbers:
        return Result.UNAVAILABLE
    if number in config.identity_slow_numbers:
        time.sleep(config.identity_slow_seconds)
    if check_character(number[:17]) != number[17]:
        return Result.NOT_FOUND
    if MISMATCH_MARK in question.name or question.name in config.identity_mismatch_names:
        return Result.MISMATCH
    return Result.MATCH


@blueprint.post("/verify")
def verify() -> Response:
    """Answer ``{"result": …}``; 503 where the register does not answer, 400 for a malformed id."""
    config = cast(StandinConfig, current_app.extensions[EXTENSION])
    require_key(config.identity_key)
    result = answer(config, read_body(Verify))
    response = jsonify(result=result.value)
    if result is Result.UNAVAILABLE:
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def install(app: Flask, config: StandinConfig) -> None:
    """Open the verifier at ``/identity``."""
    app.extensions[EXTENSION] = config
    app.register_blueprint(blueprint)
