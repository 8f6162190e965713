"""The bottom room: database, access decisions, audit, events, jobs, errors, clock, crypto."""
