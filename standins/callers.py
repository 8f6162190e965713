"""What the JSON stand-ins ask of a caller: the right key and a well-formed body."""

import hmac
from typing import TypeVar

from flask import Response, jsonify, request
from pydantic import BaseModel, ValidationError

B = TypeVar("B", bound=BaseModel)


class Refused(Exception):
    """A request that is not served; ``field`` names the input at fault, if one is."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after


def require_key(expected: str) -> None:
    """Raises Refused (401) unless the request carries ``expected`` as its bearer key."""
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {expected}".encode()):
        raise Refused(401, "unauthorized", "The bearer key is missing or wrong.")


def read_body(shape: type[B]) -> B:
    """The JSON body as ``shape``. Raises Refused (400) that names the first field at fault."""
    try:
        return shape.model_validate_json(request.get_data())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise Refused(400, "invalid_request", first["msg"], field=field) from None


def refusal(error: Refused) -> Response:
    """The JSON answer to a refused request."""
    response = jsonify(error={"code": error.code, "message": error.message, "field": error.field})
    response.status_code = error.status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
