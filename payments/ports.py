"""What this room needs from others: words for what is paid, and a payment provider.

Every call of the provider leaves the machine: make it outside any transaction. All of them raise
Unavailable where the provider does not answer or refuses us.
"""

from typing import Protocol

from core.messages import N_
from payments.schemas import (
    CheckoutRequest,
    IntentView,
    ProviderEvent,
    RefundReport,
    RefundRequest,
)

OTHER = N_("付款")


class Provider(Protocol):
    """A payment provider with intents, a page of its own to pay on, and signed webhooks."""

    def collect(self, request: CheckoutRequest) -> IntentView:
        """Begin to collect a payment, or go on with it; a retry never makes a second intent."""

    def find(self, reference: str) -> IntentView:
        """How an intent stands."""

    def close(self, reference: str) -> IntentView:
        """Cancel an intent if it still can be; the answer says how it stands then."""

    def refund(self, request: RefundRequest) -> RefundReport:
        """Give money back, once for an attempt however often it is asked; or, of a refund that was
        made, how it stands. What the provider refuses for good is a failed one.
        """

    def read_event(self, payload: bytes, signature: str) -> ProviderEvent:
        """A webhook's event. Raises Invalid ``bad_signature`` for a forged or stale one."""


_provider: Provider | None = None
_purposes: dict[str, str] = {}


def provide_purpose(purpose: str, words: str) -> None:
    """Register what is paid for under ``purpose``, as a marked catalogue key. Words that tell
    nothing about health: administrators read them beside a name.
    """
    _purposes[purpose] = words


def purpose_words(purpose: str) -> str:
    """What is paid for under ``purpose``, to be translated."""
    return _purposes.get(purpose, OTHER)


def provide(chosen: Provider) -> None:
    """Register the provider of this process."""
    global _provider
    _provider = chosen


def provider() -> Provider:
    """The registered provider."""
    if _provider is None:
        raise RuntimeError("no payment provider is registered")
    return _provider
