"""The only writers of the audit room."""
