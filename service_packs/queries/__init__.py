"""Reads of the service packs."""
