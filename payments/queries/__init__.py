"""Reads of payments and refunds."""
