"""Pages of those who administer the organisation."""
