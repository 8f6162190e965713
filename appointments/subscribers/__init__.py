"""What follows from this room's own facts."""

from appointments.subscribers import bookings, conduct, hospital, referrals, visits, waits

SUBSCRIBERS = [
    *bookings.SUBSCRIBERS,
    *waits.SUBSCRIBERS,
    *visits.SUBSCRIBERS,
    *conduct.SUBSCRIBERS,
    *referrals.SUBSCRIBERS,
    *hospital.SUBSCRIBERS,
]
