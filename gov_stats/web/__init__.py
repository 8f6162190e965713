"""Pages and API of the gov_stats room."""
