"""Use cases of the payments: collecting, giving back, and what the provider says of both."""
