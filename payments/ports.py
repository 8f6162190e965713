"""What this room needs from a payment provider. Every call leaves the machine: make it outside
any transaction. All of them raise Unavailable where the provider does not answer or refuses us.
"""

from typing import Protocol

from payments.schemas import CheckoutRequest, IntentView, ProviderEvent


class Provider(Protocol):
    """A payment provider with intents, a page of its own to pay on, and signed webhooks."""

    def collect(self, request: CheckoutRequest) -> IntentView:
        """Begin to collect a payment, or go on with it; a retry never makes a second intent."""

    def find(self, reference: str) -> IntentView:
        """How an intent stands."""

    def close(self, reference: str) -> IntentView:
        """Cancel an intent if it still can be; the answer says how it stands then."""

    def refund(self, reference: str, key: str) -> IntentView:
        """Give all of it back, once for this ``key``."""

    def read_event(self, payload: bytes, signature: str) -> ProviderEvent:
        """A webhook's event. Raises Invalid ``bad_signature`` for a forged or stale one."""


_provider: Provider | None = None


def provide(chosen: Provider) -> None:
    """Register the provider of this process."""
    global _provider
    _provider = chosen


def provider() -> Provider:
    """The registered provider."""
    if _provider is None:
        raise RuntimeError("no payment provider is registered")
    return _provider
