"""Reads of appointments: offers are public, bookings and day lists scoped to the actor."""
