"""Use cases of appointments: booking and cancelling, and opening sessions."""
