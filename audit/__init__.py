"""The signed log of what was decided and done, who may search it, and who looked at my data."""
