"""Put a region into the database: its organisation and catalogue, and in a demo made-up people.

Rows go straight into the rooms' tables by name, as nobody asks and nothing is announced; what the
rooms compute (open sessions, dated promises, figures) is computed by them.
"""
