"""Reads of the auth room."""
