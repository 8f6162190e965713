"""Measurements of the hot paths, each against the floor of what the machine can do."""
