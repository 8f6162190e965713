"""People: identity, real-name check, household, and who may act for whom."""
