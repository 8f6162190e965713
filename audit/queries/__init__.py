"""Reads of the audit room."""
