"""Pages and API of the audit room."""
