"""A release as the load model has it: 5,000 people in ten seconds for 300 places. Nobody gets an
error, everybody knows their place within two seconds, the order is drawn again from the seed, and
the first 300 book. The ratio: joins a second over HTTP, with token and policy, against pgbench
sending the same statements to the same database.
"""

import hashlib
import json
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from flask.testing import FlaskClient

from bench import booking, clients, pgbench, server, world
from core import database
from core.settings import settings

PEOPLE, PLACES, RATE = 5000, 300, 20
ARRIVING_SECONDS = 10.0
# Loading the clients takes about as long.
AHEAD_SECONDS = 12.0
SLOWEST_MS = 2000
CONNECTIONS, ROUNDS, MEASURED = 16, 3, 1000
# Browsers that wait for an answer at the same time; the server's threads are fewer.
BROWSERS = 64
PGBENCH_SECONDS = 3
# Releases that are open already, for the ratio: first the portal's, from the second number on
# pgbench's.
RELEASES, PGBENCH_FIRST = 64, 8
RELEASE_PREFIX = "01900005-0000-7000-8000-"
# What a booking would take for granted: as many people as arrive, copies of the first.
MORE_PEOPLE = """
INSERT INTO residents_person (id, relation, name, sex, birth_date, id_number, id_index,
    id_tail_index, division_code, example, created_at)
SELECT ('{person}' || {first} + n)::uuid, relation, name, sex, birth_date, id_number,
    convert_to('n' || n, 'UTF8'), convert_to('n' || n, 'UTF8'), division_code, example, created_at
FROM residents_person, generate_series({have}, {want} - 1) AS n WHERE id = '{person}{first}';
INSERT INTO auth_account (id, display_name, username, person_id, created_at)
SELECT ('{account}' || {first} + n)::uuid, '', 'n' || n, ('{person}' || {first} + n)::uuid,
    created_at
FROM auth_account, generate_series({have}, {want} - 1) AS n WHERE id = '{account}{first}';
INSERT INTO auth_token (id, token_hash, account_id, scope, expires_at, created_at)
SELECT gen_random_uuid(), sha256(convert_to('bench-token-' || {first} + n, 'UTF8')),
    ('{account}' || {first} + n)::uuid, scope, expires_at, created_at
FROM auth_token, generate_series({have}, {want} - 1) AS n
WHERE account_id = '{account}{first}';
"""
OPEN_RELEASES = """
INSERT INTO appointments_release (id, institution_id, opens_at, ends_at, rate, sealed_seed,
    seed_hash, seed, drawn_at, arrivals, drawn, created_at)
SELECT ('{prefix}' || {first} + n)::uuid, institution_id, now() - n * interval '1 minute',
    now() + interval '1 hour', {rate}, '', '', '', now(), 0, 0, now()
FROM appointments_rule, generate_series(1, {releases}) AS n
"""


def main() -> float:
    """The rate of joins as a share of pgbench's."""
    with tempfile.TemporaryDirectory(prefix="kangqiao-bench-") as scratch:
        return measure(Path(scratch))


def measure(scratch: Path) -> float:
    """First the release itself, then joins and pgbench in turn; the medians are compared."""
    server.configure(scratch)
    url = world.build(scratch)
    prepare(url)
    file = scratch / "join.sql"
    file.write_text(join_script(record(url)), encoding="utf-8")
    portal: list[float] = []
    floor: list[float] = []
    with server.serving("wsgi:app", url) as port:
        release(port, url)
        arrive(port, url, 1, ticketed=False)
        for turn in range(ROUNDS):
            portal.append(join(port, turn + 1))
            floor.append(join_by_pgbench(url, file, turn))
    return median(portal) / median(floor)


def prepare(url: str) -> None:
    """More people, and releases that are open."""
    values = {"first": world.FIRST, "have": world.RESIDENTS, "want": PEOPLE}
    with psycopg.connect(url) as connection:
        connection.execute(MORE_PEOPLE.format(**world.PREFIXES, **values))
        connection.execute(
            OPEN_RELEASES.format(
                prefix=RELEASE_PREFIX, first=world.FIRST, rate=RATE, releases=RELEASES
            )
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def release(port: int, url: str) -> None:
    """The whole minute. Raises RuntimeError where somebody is refused, or order fails."""
    slot_id, numbers, opens_at = arrive(port, url, 0, ticketed=True)
    bookings(port, slot_id, numbers, opens_at)


def arrive(port: int, url: str, hot_cell: int, *, ticketed: bool) -> tuple[UUID, list[int], float]:
    """The slot, the people by their numbers, and when it opened. ``ticketed`` are people whose page
    was open before they pressed its button; others come from nowhere, which is the dearer.
    """
    begin = time.time() + AHEAD_SECONDS
    opens_at = begin + ARRIVING_SECONDS / 2
    release_id, slot_id = open_slot(url, hot_cell, datetime.fromtimestamp(opens_at, UTC))
    people = list(range(PEOPLE))
    random.Random(1).shuffle(people)
    due = [begin + ARRIVING_SECONDS * k / PEOPLE for k in range(PEOPLE)]
    tickets = tickets_of(release_id) if ticketed else {}
    arriving = clients.run(port, BROWSERS, *plan(release_id, people, due, opens_at, tickets))
    tell(f"arrivals and looks {'with' if ticketed else 'without'} a ticket", arriving)
    if set(arriving.statuses) != {"200"} or arriving.slowest > SLOWEST_MS:
        print(f"NOT within {SLOWEST_MS} ms without an error: {arriving}", flush=True)
    return slot_id, prove(url, release_id, people), opens_at


def tickets_of(release_id: UUID) -> dict[int, dict[str, str]]:
    """The header that each person's page carries."""
    from appointments.web.places import PURPOSE
    from core.web.tickets import HEADER, Ticket, issue
    from portal.factory import create_app

    app = create_app()
    held = {}
    for who in range(PEOPLE):
        owner = Ticket(release_id, world.numbered("account", who), world.numbered("person", who))
        with app.test_request_context("/api/", headers=token(who)):
            held[who] = {HEADER: issue(PURPOSE, owner)}
    return held


def plan(
    release_id: UUID,
    people: list[int],
    due: list[float],
    opens_at: float,
    tickets: dict[int, dict[str, str]],
) -> tuple[list[str], None, list[float]]:
    """Everybody comes in turn; who came before the draw looks again after it, spread as the server
    advises.
    """
    early = [who for who, moment in zip(people, due, strict=True) if moment < opens_at]
    spread = len(early) / 500
    looks = [opens_at + 0.5 + spread * k / len(early) for k in range(len(early))]
    joining, looking = ("/place", "/place") if tickets else ("/join", "")
    sent = [(moment, "POST", joining, who) for moment, who in zip(due, people, strict=True)]
    sent += [(moment, "GET", looking, who) for moment, who in zip(looks, early, strict=True)]
    sent.sort()
    path = f"/api/v1/appointments/releases/{release_id}"
    requests = [
        clients.message(method, path + rest, token(who) | tickets.get(who, {}))
        for _, method, rest, who in sent
    ]
    return requests, None, [moment for moment, *_ in sent]


def order_pages(url: str, release_id: UUID) -> Iterator[dict[str, Any]]:
    """What proves the order, page by page."""
    path, after = f"/api/v1/appointments/releases/{release_id}/order", 0
    client = client_of(url)
    while after is not None:
        page = client.get(f"{path}?limit=1000&after={after}", headers=token(0)).get_json()
        yield page
        after = page["next_after"]


def prove(url: str, release_id: UUID, people: list[int]) -> list[int]:
    """The people by their numbers, after the order was drawn again. Raises RuntimeError."""
    pages = list(order_pages(url, release_id))
    proof, places = pages[0], [place for page in pages for place in page["places"]]
    seed = bytes.fromhex(proof["seed"])
    owner = {ticket(release_id, who): who for who in people}
    shown = [place["ticket"] for place in places]
    drawn = sorted(
        shown[: proof["drawn"]],
        key=lambda each: hashlib.sha256(seed + bytes.fromhex(each)).digest(),
    )
    moments = [place["arrived_at"] for place in places[proof["drawn"] :]]
    fair = (
        hashlib.sha256(seed).hexdigest() == proof["seed_hash"]
        and set(shown) == set(owner)
        and shown[: proof["drawn"]] == drawn
        and moments == sorted(moments)
        and [place["number"] for place in places] == list(range(1, PEOPLE + 1))
    )
    if not fair:
        raise RuntimeError("the order is not that of the seed and of arrival")
    print(f"order proven: {proof['drawn']} drawn, {len(moments)} by arrival", flush=True)
    return [owner[each] for each in shown]


def bookings(port: int, slot_id: UUID, numbers: list[int], opens_at: float) -> None:
    """The first book when it is their turn; the last is sent to the queue. Raises RuntimeError."""
    soon = time.time() + 4
    last = clients.run(port, 1, [book(slot_id, numbers[-1])])
    due = [max(soon, opens_at + number / RATE + 0.1) for number in range(1, PLACES + 1)]
    first = clients.run(
        port, CONNECTIONS, [book(slot_id, who) for who in numbers[:PLACES]], None, due
    )
    tell("bookings of the first", first)
    if first.statuses != {"201": PLACES} or last.statuses != {"409": 1}:
        raise RuntimeError(f"first {first.statuses}, last {last.statuses}")


def join(port: int, number: int) -> float:
    """Joins a second of people who come late, as fast as they are answered."""
    path = f"/api/v1/appointments/releases/{numbered(number)}/join"
    sent = [clients.message("POST", path, token(who)) for who in range(MEASURED)]
    outcome = clients.run(port, CONNECTIONS, sent)
    if outcome.statuses != {"200": MEASURED}:
        raise RuntimeError(f"joins: {outcome.statuses}")
    tell("joins", outcome)
    return MEASURED / outcome.seconds


def join_by_pgbench(url: str, file: Path, turn: int) -> float:
    """Joins a second. Raises RuntimeError unless each transaction made one."""
    before = arrivals(url)
    first = (PGBENCH_FIRST + turn * (RELEASES - PGBENCH_FIRST) // ROUNDS) * PEOPLE // CONNECTIONS
    options = (f"--time={PGBENCH_SECONDS}", f"--define=n={first}")
    rate, transactions = pgbench.run(url, file, CONNECTIONS, *options)
    if arrivals(url) - before != transactions:
        raise RuntimeError(f"joins: {transactions} transactions, {arrivals(url) - before} arrivals")
    print(f"joins, pgbench: {rate:.0f}/s", flush=True)
    return rate


def join_script(statements: list[str]) -> str:
    """Each transaction of each client has a person and release of its own."""
    setup = [
        f"\\set k :n * {CONNECTIONS} + :client_id",
        "\\set n :n + 1",
        f"\\set p {world.FIRST} + :k % {PEOPLE}",
        f"\\set r {world.FIRST} + :k / {PEOPLE}",
    ]
    digest = hashlib.sha256(world.token(0).encode()).hexdigest()
    variables = {
        f"'{numbered(RELEASES).hex}'::uuid": f"('{RELEASE_PREFIX}' || :r)::uuid",
        booking.literal("person", 0): f"('{world.PREFIXES['person']}' || :p)::uuid",
        booking.literal("account", 0): f"('{world.PREFIXES['account']}' || :p)::uuid",
        f"'\\x{digest}'::bytea": "sha256(convert_to('bench-token-' || :p, 'UTF8'))",
    }
    return booking.LOCK.sub(":p", pgbench.script(setup, statements, variables))


def record(url: str) -> list[str]:
    """The statements of one join, as this process makes it."""
    client = client_of(url)
    path = f"/api/v1/appointments/releases/{numbered(RELEASES)}"
    client.get(path, headers=token(0))  # a first connection asks more than a later one
    with pgbench.recording() as sent:
        answer = client.post(f"{path}/join", headers=token(0))
    if answer.status_code != 200:
        raise RuntimeError(answer.text)
    return sent


def open_slot(url: str, hot_cell: int, opens_at: datetime) -> tuple[UUID, UUID]:
    """A hot slot with so many places, that opens then, and its release."""
    from appointments.public import ensure_release

    slot_id = world.numbered("slot", world.HOT_CELLS[hot_cell] * world.SLOTS)
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE appointments_slot SET capacity = %s, remaining = %s, opens_at = %s"
            " WHERE id = %s",
            (PLACES, PLACES, opens_at, slot_id),
        )
        row = connection.execute(
            "UPDATE appointments_rule SET queue_minutes = 30, queue_rate = %s"
            " RETURNING institution_id",
            (RATE,),
        ).fetchone()
    assert row
    with database.transaction() as session:
        return ensure_release(session, row[0], opens_at, 30, RATE), slot_id


def client_of(url: str) -> FlaskClient:
    """The portal in this process."""
    from portal.factory import create_app

    return create_app(settings().model_copy(update={"database_url": url})).test_client()


def arrivals(url: str) -> int:
    """How many there are."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM appointments_arrival").fetchone()
    return int(row[0]) if row else 0


def numbered(number: int) -> UUID:
    """The id of an open release."""
    return UUID(f"{RELEASE_PREFIX}{world.FIRST + number}")


def ticket(release_id: UUID, who: int) -> str:
    """As anybody computes it."""
    return hashlib.sha256(release_id.bytes + world.numbered("person", who).bytes).hexdigest()


def token(who: int) -> dict[str, str]:
    """The headers of a person's request."""
    return {"Authorization": f"Bearer {world.token(who)}"}


def book(slot_id: UUID, who: int) -> str:
    """A booking request."""
    body = json.dumps({"slot_id": str(slot_id), "person_id": str(world.numbered("person", who))})
    more = {"Content-Type": "application/json", "Idempotency-Key": f"release {who}"}
    return clients.message("POST", booking.PATH, token(who) | more, body)


def tell(title: str, outcome: clients.Outcome) -> None:
    """One line of what came of it."""
    answers = sum(outcome.statuses.values())
    print(
        f"{title}: {answers / outcome.seconds:.0f}/s {outcome.statuses}, p50 {outcome.p50} ms,"
        f" p95 {outcome.p95} ms, p99 {outcome.p99} ms, slowest {outcome.slowest} ms",
        flush=True,
    )
