"""Signing in with another institution's account: we as a relying party (OpenID Connect)."""
