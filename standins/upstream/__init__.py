"""An OpenID Provider of another institution, which can be told to misbehave in every known way."""
