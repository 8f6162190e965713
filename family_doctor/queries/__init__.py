"""Reads of the family_doctor room: contracts, a team's work and residents, facts for statistics."""
