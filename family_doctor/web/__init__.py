"""Pages and API of the family_doctor room."""
