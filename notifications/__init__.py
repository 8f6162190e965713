"""Which message, to whom, through which channel."""
