"""Bookings a second over HTTP, with token, policy, audit, idempotency and event, against pgbench
sending the same statements to the same database: at 1, 16 and 64 clients, on spread slots and on
one hot slot. Wanted at 16 clients: 0.12 of pgbench on spread slots, 0.40 of its own rate on a hot
slot; where pgbench does 8,000 a second, 95 of 100 answers within 25 ms.
"""

import json
import re
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg

from bench import clients, pgbench, server, world
from core.crypto import token_hash
from core.settings import settings

# The ratio is that of CLIENTS, measured in so many rounds; the others once, for comparison.
CLIENTS, ROUNDS = 16, 3
OTHERS = (1, 64)
WARM_UP, MEASURED = 400, 1600
PGBENCH_SECONDS = 3
# pgbench begins at this turn of the residents through the cells, past all that the portal books.
PGBENCH_FIRST_TURN = 100
PATH = "/api/v1/appointments/bookings"
# Residents walk through the cells, each from a place of their own, so that clients are spread.
STRIDE = 7
SAMPLE_KEY = "sample-key"
# Ids that the portal made for this one booking; those of the world begin otherwise.
NEW_ID = re.compile(r"'(?!0190000)[0-9a-f]{32}'::uuid")
LOCK = re.compile(r"(?<=pg_advisory_xact_lock\()[^:)]+")


class Wish(NamedTuple):
    """Who wants which slot, by their numbers."""

    resident: int
    cell: int
    slot: int


def main() -> float:
    """The rate on spread slots as a share of pgbench's."""
    with tempfile.TemporaryDirectory(prefix="kangqiao-bench-") as scratch:
        return measure(Path(scratch))


def measure(scratch: Path) -> float:
    """Fill a database, then measure the portal and pgbench in turn, so that whatever else the
    machine does weighs on both; the medians are compared.
    """
    server.configure(scratch)
    url = world.build(scratch)
    sample = spread_wish((world.CELLS - 1) * world.RESIDENTS)
    statements = record(url, sample)
    spread_file, hot_file = scratch / "spread.sql", scratch / "hot.sql"
    spread_file.write_text(spread_script(statements, sample), encoding="utf-8")
    hot_file.write_text(hot_script(statements, sample), encoding="utf-8")
    portal: list[float] = []
    floor: list[float] = []
    with server.serving("wsgi:app", url) as port:
        book(port, CLIENTS, "warm-up", [spread_wish(k) for k in range(WARM_UP)])
        for turn, clients_ in enumerate((*[CLIENTS] * ROUNDS, *OTHERS)):
            begin = WARM_UP + turn * MEASURED
            wishes = [spread_wish(k) for k in range(begin, begin + MEASURED)]
            rate = book(port, clients_, "spread slots", wishes)
            limit = book_by_pgbench(
                url, clients_, "spread slots", spread_file, *spread_options(turn, clients_)
            )
            if clients_ == CLIENTS:
                portal.append(rate)
                floor.append(limit)
        for turn, clients_ in enumerate((CLIENTS, *OTHERS)):
            wishes = [hot_wish(2 * turn, k) for k in range(world.RESIDENTS)]
            hot = book(port, clients_, "one hot slot", wishes)
            hot_floor = book_by_pgbench(
                url, clients_, "one hot slot", hot_file, *hot_options(2 * turn + 1, clients_)
            )
            print(f"one hot slot, {clients_} clients: {hot / hot_floor:.2f} of pgbench")
    return median(portal) / median(floor)


def spread_options(turn: int, clients_: int) -> tuple[str, ...]:
    """A time, and a number to begin at that leaves room for what others book."""
    turns = ROUNDS + len(OTHERS)
    begin = PGBENCH_FIRST_TURN + turn * (world.CELLS - PGBENCH_FIRST_TURN) // turns
    return (
        f"--time={PGBENCH_SECONDS}",
        f"--define=n={begin * world.RESIDENTS // clients_}",
        f"--define=clients={clients_}",
    )


def hot_options(which: int, clients_: int) -> tuple[str, ...]:
    """Each resident once, in the hot cell of this number."""
    each = world.RESIDENTS // clients_
    hot = world.HOT_CELLS[which]
    return (
        f"--transactions={each}",
        "--define=n=0",
        f"--define=each={each}",
        f"--define=hot={world.FIRST + hot * world.SLOTS}",
        f"--define=d={world.FIRST + world.department_of(hot)}",
    )


def spread_wish(k: int) -> Wish:
    """The k-th booking; no resident wants the same cell twice."""
    turn, resident = divmod(k, world.RESIDENTS)
    cell = (turn + resident * STRIDE) % world.CELLS
    return Wish(resident, cell, cell * world.SLOTS + resident % world.SLOTS)


def hot_wish(which: int, resident: int) -> Wish:
    """This resident wants the hot slot."""
    cell = world.HOT_CELLS[which]
    return Wish(resident, cell, cell * world.SLOTS)


def book(port: int, clients_: int, title: str, wishes: list[Wish]) -> float:
    """Bookings a second. Raises RuntimeError unless each one was made."""
    requests = [
        clients.message("POST", PATH, headers(wish, f"{title} {clients_} {wish}"), body(wish))
        for wish in wishes
    ]
    outcome = clients.run(port, clients_, requests)
    if outcome.statuses != {"201": len(wishes)}:
        raise RuntimeError(f"{title}: {outcome.statuses}")
    rate = len(wishes) / outcome.seconds
    print(
        f"{title}, {clients_} clients: {rate:.0f}/s,"
        f" p50 {outcome.p50} ms, p95 {outcome.p95} ms, p99 {outcome.p99} ms",
        flush=True,
    )
    return rate


def book_by_pgbench(url: str, clients_: int, title: str, file: Path, *options: str) -> float:
    """Bookings a second. Raises RuntimeError unless each transaction made one."""
    before = bookings(url)
    rate, transactions = pgbench.run(url, file, clients_, *options)
    if bookings(url) - before != transactions:
        raise RuntimeError(f"{title}: {transactions} transactions, fewer bookings")
    print(f"{title}, {clients_} clients of pgbench: {rate:.0f}/s", flush=True)
    return rate


def bookings(url: str) -> int:
    """How many there are."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM appointments_booking").fetchone()
    return int(row[0]) if row else 0


def headers(wish: Wish, key: str) -> dict[str, str]:
    """Of a booking request."""
    return {
        "Authorization": f"Bearer {world.token(wish.resident)}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
    }


def body(wish: Wish) -> str:
    """Of a booking request."""
    slot_id = world.numbered("slot", wish.slot)
    person_id = world.numbered("person", wish.resident)
    return json.dumps({"slot_id": str(slot_id), "person_id": str(person_id)})


def record(url: str, sample: Wish) -> list[str]:
    """The statements of one booking, as this process makes it."""
    from portal.factory import create_app

    app = create_app(settings().model_copy(update={"database_url": url}))
    client = app.test_client()
    client.get(PATH, headers=headers(sample, ""))  # a first connection asks more than a later one
    with pgbench.recording() as sent:
        answer = client.post(PATH, data=body(sample), headers=headers(sample, SAMPLE_KEY))
    if answer.status_code != 201:
        raise RuntimeError(answer.text)
    return sent


def spread_script(statements: list[str], sample: Wish) -> str:
    """Each transaction of each client has a resident and cell of its own, as ``spread_wish``."""
    setup = [
        "\\set k :n * :clients + :client_id",
        "\\set n :n + 1",
        f"\\set r :k % {world.RESIDENTS}",
        f"\\set c (:k / {world.RESIDENTS} + :r * {STRIDE}) % {world.CELLS}",
        f"\\set p {world.FIRST} + :r",
        f"\\set d {world.FIRST} + :c % {world.DEPARTMENTS}",
        f"\\set s {world.FIRST} + :c * {world.SLOTS} + :r % {world.SLOTS}",
    ]
    places = {
        literal("slot", sample.slot): f"('{world.PREFIXES['slot']}' || :s)::uuid",
        department(sample): f"('{world.PREFIXES['department']}' || :d)::uuid",
        day(sample): f"(date '{world.first_day()}' + :c / {world.DEPARTMENTS})",
    }
    return varied("spread", setup, statements, sample, places)


def hot_script(statements: list[str], sample: Wish) -> str:
    """Every client wants the same slot, each time for another resident."""
    setup = [
        "\\set k :client_id * :each + :n",
        "\\set n :n + 1",
        f"\\set p {world.FIRST} + :k",
    ]
    places = {
        literal("slot", sample.slot): f"('{world.PREFIXES['slot']}' || :hot)::uuid",
        department(sample): f"('{world.PREFIXES['department']}' || :d)::uuid",
        day(sample): f"'{world.day_of(world.HOT_CELLS[0])}'::date",
    }
    return varied("hot", setup, statements, sample, places)


def varied(
    title: str, setup: list[str], statements: list[str], sample: Wish, places: dict[str, str]
) -> str:
    """The recorded statements for any resident (:p), with new ids and keys each time."""
    digest = token_hash(world.token(sample.resident)).hex()
    variables = {
        **places,
        literal("person", sample.resident): f"('{world.PREFIXES['person']}' || :p)::uuid",
        literal("account", sample.resident): f"('{world.PREFIXES['account']}' || :p)::uuid",
        f"'\\x{digest}'::bytea": "sha256(convert_to('bench-token-' || :p, 'UTF8'))",
        f"'{SAMPLE_KEY}'": f"('{title}-' || :d || '-' || :k)",
    }
    made = NEW_ID.sub("gen_random_uuid()", pgbench.script(setup, statements, variables))
    return LOCK.sub(":p", made)


def literal(kind: str, number: int) -> str:
    """The id of a numbered thing, as psycopg writes it."""
    return f"'{world.numbered(kind, number).hex}'::uuid"


def department(wish: Wish) -> str:
    """The department of what is wanted, as psycopg writes it."""
    return literal("department", world.department_of(wish.cell))


def day(wish: Wish) -> str:
    """The day of what is wanted, as psycopg writes it."""
    return f"'{world.day_of(wish.cell)}'::date"
