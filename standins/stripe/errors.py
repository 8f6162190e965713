"""Stripe's error bodies, from which the SDK makes its exceptions."""

from typing import Any


class StripeError(Exception):
    """An error answer; ``more`` are further members of the body's ``error`` object.

    The answer is kept for the request's idempotency key, as the endpoint had begun its work.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": kind, "message": message, **more}
        if code:
            slug = code.replace("_", "-")
            self.error |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{slug}"}
        if param:
            self.error["param"] = param

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {"error": self.error}


class NotBegun(StripeError):
    """Refused before the endpoint began its work: nothing is kept for the idempotency key."""


def missing(param: str) -> NotBegun:
    """A required parameter was left out."""
    return NotBegun(f"Missing required param: {param}.", code="parameter_missing", param=param)


def no_such(noun: str, identifier: str, param: str = "id", status: int = 404) -> StripeError:
    """An object that does not exist: 404 in a path, 400 in a parameter."""
    message = f"No such {noun}: '{identifier}'"
    return StripeError(message, code="resource_missing", param=param, status=status)
