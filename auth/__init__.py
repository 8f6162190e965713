"""Accounts, sign-in, sessions, tokens, roles, and the sign-on that other applications use."""
