"""Use cases of the service packs."""
