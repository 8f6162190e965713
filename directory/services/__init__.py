"""Use cases of those who administer the organisation: the only writers here."""
