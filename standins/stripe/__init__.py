"""A strict stand-in for the part of Stripe's API that the portal uses.

Whatever it does not know it refuses as Stripe refuses unknown parameters, so that code which works
here is not surprised by Stripe. Messages and codes follow docs.stripe.com/api/errors.
"""
