"""A hospital's own registration system, as the portal meets it over HTTP."""
