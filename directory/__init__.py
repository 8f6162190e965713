"""Divisions, institutions, departments, staff and teams: who and where the health service is."""
