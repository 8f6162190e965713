"""Use cases of the residents room."""
