"""Clinic sessions, half-hour slots, and bookings that are never oversold."""
