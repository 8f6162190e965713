"""Use cases of the family_doctor room: the only writers."""
