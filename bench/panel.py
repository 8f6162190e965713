"""A team's pages in a county of 43,000 residents, and the nightly planning, each against bare SQL.

The pages are measured over HTTP, signed in as the leader of a team of 1,700; the floor of each is
the rate at which PostgreSQL alone answers the very statements that the page sends, over as many
connections as the portal has processes. Wanted: fewer than 10 statements a page.

Planning: the seconds for 10,000 residents in force with one to three groups of the norms each, as
the job does it, in batches and transactions of their own; the floor inserts the same obligations
with one statement. The ratio is planning's: how many times the floor it takes.
"""

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Engine, text

from bench.panel_world import USERNAME, Size, fill
from bench.server import configure, serving
from core import clock
from core.statements import watching

COUNTY = Size(people=43_000, contracts=17_000, teams=10, spread=330, owed=True)
PLANNED = Size(people=10_000, contracts=10_000, teams=1)
CONNECTIONS = 2
ROUNDS = 100
MOST_STATEMENTS = 10
HOME = "/family-doctor"
PAGES = (
    f"{HOME}/panel",
    f"{HOME}/panel?standing=at_risk&group=04&sort=due",
    f"{HOME}/panel?search=%E9%9F%A6",
    f"{HOME}/today",
)
# The same rows once more, under other slots.
FLOOR = """
INSERT INTO family_doctor_obligation (id, contract_id, entitlement_id, person_id, team_id,
    division_code, kind, slot, norm_code, item_code, item_name, item_name_en, sequence, times,
    opens_on, remind_from, due_on, late_after)
SELECT gen_random_uuid(), contract_id, entitlement_id, person_id, team_id, division_code, kind,
    'floor ' || slot, norm_code, item_code, item_name, item_name_en, sequence, times, opens_on,
    remind_from, due_on, late_after FROM family_doctor_obligation
"""
SIZES = """
SELECT (SELECT count(*) FROM residents_person), (SELECT count(*) FROM family_doctor_contract),
    (SELECT count(*) FROM family_doctor_obligation), (SELECT count(*) FROM family_doctor_follow_up)
"""
SOMEBODY = """
SELECT id FROM family_doctor_contract WHERE team_id = %s ORDER BY starts_on, id LIMIT 1
"""


def main() -> float:
    """Measure both; how many times the floor planning takes."""
    with tempfile.TemporaryDirectory(prefix="kangqiao-bench-") as scratch:
        configure(Path(scratch))
        _pages(Path(scratch))
        return _planning(Path(scratch))


def _pages(scratch: Path) -> None:
    from bench.pages import application, measure, signed_in
    from bench.world import migrated
    from core import database

    url = migrated(scratch, "panel")
    engine = database.make_engine(url, 2)
    begun = perf_counter()
    team = fill(engine, COUNTY)
    people, contracts, owed, found = _one(url, SIZES)
    print(
        f"{people} residents, {contracts} contracts, {owed} obligations, {found} follow-ups,"
        f" made in {perf_counter() - begun:.0f} s"
    )
    engine.dispose()
    app = application(url)
    headers = {"Cookie": signed_in(app, USERNAME)}
    resident = f"{HOME}/panel/{_one(url, SOMEBODY, (team,))[0]}"
    paths = (*PAGES, resident, *(f"{resident}/{part}" for part in ("care", "people", "visits")))
    with serving("wsgi:app", url) as port:
        for path in paths:
            sent = _sent(app, path, headers)
            measure(port, path, headers, 32)  # templates compiled, connections open
            page = measure(port, path, headers, 200)
            bare = _bare(url, sent)
            print(
                f"{page.rate:7.1f}/s  p95 {page.p95:6.1f} ms  {len(sent)} statements"
                f"  {page.rate / bare:.2f} of bare SQL ({bare:.1f}/s)  {path}"
            )
            if len(sent) >= MOST_STATEMENTS:
                raise RuntimeError(f"{path} sends {len(sent)} statements")


def _one(url: str, query: str, values: tuple[object, ...] = ()) -> Any:
    from core.database import plain_url

    with psycopg.connect(plain_url(url)) as connection:
        return connection.execute(query, values).fetchone()


def _sent(app: Flask, path: str, headers: dict[str, str]) -> list[tuple[str, Any]]:
    """The statements of a page with their values, session look-up and side bar included."""
    client = app.test_client(use_cookies=False)
    client.get(path, headers=headers)  # what is read once a process
    sent: list[tuple[str, Any]] = []
    with watching(lambda sql, given: sent.append((sql, given))):
        client.get(path, headers=headers)
    return sent


def _bare(url: str, statements: list[tuple[str, Any]]) -> float:
    """How often a second PostgreSQL answers all these reads."""
    from core.database import plain_url

    # Not the audit's insert, which would meet its own row.
    reads = [
        (statement, values)
        for statement, values in statements
        if statement.lstrip().startswith(("SELECT", "WITH")) and "INSERT INTO" not in statement
    ]

    def work(_: int) -> None:
        with psycopg.connect(plain_url(url), autocommit=True) as connection:
            for _round in range(ROUNDS):
                for statement, values in reads:
                    connection.execute(statement, values).fetchall()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        seconds = _seconds(lambda: list(pool.map(work, range(CONNECTIONS))))
    return CONNECTIONS * ROUNDS / seconds


def _planning(scratch: Path) -> float:
    from bench.world import migrated
    from core import database

    engine = database.make_engine(migrated(scratch, "planning"), 2)
    database.use(engine)
    fill(engine, PLANNED)
    planned = _seconds(_plan)
    rows, floor = _floor(engine)
    print(f"planning {PLANNED.contracts} residents: {planned:.2f} s, {rows} obligations")
    print(f"the same rows by one INSERT: {floor:.2f} s")
    with clock.shifted(timedelta(days=1)):
        again = _seconds(_plan)
    print(f"the next night, nothing to change: {again:.2f} s")
    engine.dispose()
    return planned / floor


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def _plan() -> None:
    from family_doctor.jobs import plan_obligations

    plan_obligations()


def _floor(engine: Engine) -> tuple[int, float]:
    with engine.begin() as connection:
        begun = perf_counter()
        rows = connection.execute(text(FLOOR)).rowcount
        seconds = perf_counter() - begun
        connection.execute(text("DELETE FROM family_doctor_obligation WHERE slot LIKE 'floor %'"))
    return rows, seconds
