"""Use cases of the auth room."""
