"""Pages and API of the payments room."""
