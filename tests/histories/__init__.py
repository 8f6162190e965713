"""Histories of many clients at once, recorded and proved to be those of one thing at a time."""
