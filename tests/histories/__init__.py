"""Histories of many clients at once, recorded and proved to be those of one thing at a time.

What a proof says: there is an order of all that was asked in a segment, each thing between its call
and its answer, in which the model (``tests/model``) gives every client the answer it got, and ends
in the state that the database has. So

- no place is lost, sold or offered twice: each is free in one pool, held or booked, also after a
  worker was killed in the middle of a request or of the offering job;
- a family that books together has all its places or none, and was refused for a reason that held;
- an offer goes to whoever is first in the order of the rule among those who wait and could take it;
  it is taken, declined or runs out once, and then goes to the next.

What it does not say:

- Whoever joins says since when they wait, and the model takes their word once it has seen that the
  moment lies within their request. Among people whose requests overlap any order is right.
- A reading may be a moment older than the writing that follows from it. Where another operation
  overlaps that can be the cause (``overlaps``), a place may come back as it would have before
  somebody began or ceased to wait, and somebody may be passed over about whom something else was
  under way; then the order of the rule is not proved for that offer.
- Offers are made to end by moving their end, not by waiting 20 minutes.
- Outside a segment's begin and end nothing is read but answers: what nobody asked, and what left no
  trace in the end, may have been otherwise.
"""
