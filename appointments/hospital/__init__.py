"""Speaking with hospitals' own systems over HTTP; never inside a transaction."""
