"""Pages and API of the appointments room."""
