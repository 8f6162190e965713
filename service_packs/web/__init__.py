"""Pages and API of the service_packs room."""
