"""Pages and API of the residents room."""
