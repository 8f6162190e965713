"""Twice the day's load of the region's load model for its largest institution, replayed against a
served portal without an error. The ratio is how many times faster than in the ten hours of a day.

The model (load_model.csv): 17,862 bookings on a working day in all, and 12 requests of each who
books. Institutions have no figures of their own in it; the largest takes the share of its beds in
the beds of those that can be booked (regions/guigang/institutions.csv: 2,470 of 14,544, example
figures).
"""

import tempfile
from collections import Counter
from pathlib import Path

from bench import clients, server, world
from bench.booking import PATH, body, headers, spread_wish

BOOKINGS_A_DAY, REQUESTS_A_BOOKING, TIMES = 17_862, 12, 2
SHARE = 2_470 / 14_544
HOURS = 10
CONNECTIONS = 16


def main() -> float:
    """How many times faster than a day."""
    with tempfile.TemporaryDirectory(prefix="kangqiao-bench-") as scratch:
        server.configure(Path(scratch))
        url = world.build(Path(scratch))
        with server.serving("wsgi:app", url) as port:
            return replay(port, round(BOOKINGS_A_DAY * SHARE * TIMES))


def replay(port: int, bookings: int) -> float:
    """So many bookings, each with the reads before it. Raises RuntimeError on any error."""
    requests = [request for k in range(bookings) for request in of_one(k)]
    outcome = clients.run(port, CONNECTIONS, requests)
    expected = {"200": bookings * (REQUESTS_A_BOOKING - 1), "201": bookings}
    if outcome.statuses != expected:
        raise RuntimeError(f"{dict(Counter(outcome.statuses) - Counter(expected))} unexpected")
    print(
        f"{bookings} bookings, {len(requests)} requests in {outcome.seconds:.0f} s:"
        f" p50 {outcome.p50} ms, p95 {outcome.p95} ms, p99 {outcome.p99} ms",
        flush=True,
    )
    share_of_a_day = bookings / (BOOKINGS_A_DAY * SHARE * TIMES)
    return HOURS * 3600 * share_of_a_day / outcome.seconds


def of_one(k: int) -> list[str]:
    """Somebody looks around and books: departments' pages, slots of days, their own bookings."""
    wish = spread_wish(k)
    asking = headers(wish, f"day {k}")
    pages, slots = [], []
    for look in range(4):
        cell = (wish.cell + look) % world.CELLS
        department = world.numbered("department", world.department_of(cell))
        day = world.day_of(cell)
        pages.append(f"/appointments/departments/{department}?date={day}")
        slots.append(f"/api/v1/appointments/slots?department_id={department}&date={day}")
    before = [*pages, *slots, f"{PATH}?when=coming"]
    booked = clients.message("POST", PATH, asking, body(wish))
    after = [f"{PATH}?when=coming", f"{PATH}?when=past"]
    reads = [clients.message("GET", path, asking) for path in (*before, *after)]
    return [*reads[: len(before)], booked, *reads[len(before) :]]
