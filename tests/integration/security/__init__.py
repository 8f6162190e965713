"""The portal attacked: across persons, teams, counties and sessions, and with hostile input."""
