"""The OpenID Provider's protocol on Authlib; what it stores and decides is in auth.services."""
