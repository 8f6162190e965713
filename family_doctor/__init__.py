"""Signing with a family-doctor team, contracts and their obligations."""
