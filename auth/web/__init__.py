"""Pages and API of the auth room."""
