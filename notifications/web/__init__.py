"""Pages and API of the notifications room."""
