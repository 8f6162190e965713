"""A team's panel and the nightly planning, against the bare SQL of the same rows, in one run.

Planning: the seconds for 10,000 residents in force with one to three groups of the norms each, as
the job does it, in batches and transactions of their own; the floor inserts the same obligations
with one statement. The panel: the statements of the page for a team of 2,000, against a plain
SELECT of the same residents. The ratio is planning's: how many times the floor it takes.
"""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.server import configure
from core import clock

CONTRACTS = 10_000
PAGES = 50
PEOPLE = """
INSERT INTO residents_person (id, relation, name, sex, birth_date, id_number, id_index,
    id_tail_index, division_code, example, created_at)
SELECT gen_random_uuid(), 'self', 'P' || n, 'female', DATE '1950-01-01' + n % 7000, '\\x00',
    n::text::bytea, n::text::bytea, '990102001', true, now() FROM generate_series(1, :count) AS n
"""
CONTRACTS_OF_PEOPLE = """
INSERT INTO family_doctor_contract (id, person_id, team_id, institution_id, division_code, channel,
    state, pack_code, pack_name, pack_name_en, price_fen, public_health_fen, insurance_fen,
    person_fen, applied_at, accepted_at, signed_at, starts_on, ends_on, version)
SELECT gen_random_uuid(), id, :team, :institution, division_code, 'portal', 'active', 'B', '', '',
    0, 0, 0, 0, now(), now(), now(), :start, :end, 1 FROM residents_person
"""
ENTITLEMENTS = """
INSERT INTO service_packs_entitlement (id, person_id, division_code, pack_code, source, source_id,
    team_id, starts_on, ends_on, created_at)
SELECT gen_random_uuid(), person_id, division_code, 'B', 'contract', id, team_id, starts_on,
    ends_on, now() FROM family_doctor_contract
"""
GROUPS = """
INSERT INTO residents_group_membership (person_id, group_code, source, since)
SELECT id, code, 'bench', DATE '2020-01-01' FROM residents_person
CROSS JOIN (VALUES ('03', 1), ('04', 2), ('05', 3)) AS g (code, every)
WHERE abs(hashtext(id::text)) % every = 0
"""
PACK = """
INSERT INTO service_packs_pack (code, name, name_en, tier, list_price_fen, price_fen,
    public_health_fen, insurance_fen, person_fen, example)
VALUES ('B', '', '', 'basic', 0, 0, 0, 0, 0, true)
"""
# The same rows once more, under other slots.
FLOOR = """
INSERT INTO family_doctor_obligation (id, contract_id, entitlement_id, person_id, team_id,
    division_code, kind, slot, norm_code, item_code, item_name, item_name_en, sequence, times,
    opens_on, remind_from, due_on, late_after)
SELECT gen_random_uuid(), contract_id, entitlement_id, person_id, team_id, division_code, kind,
    'floor ' || slot, norm_code, item_code, item_name, item_name_en, sequence, times, opens_on,
    remind_from, due_on, late_after FROM family_doctor_obligation
"""
BARE_PANEL = """
SELECT person.id, person.name, contract.state FROM family_doctor_contract AS contract
JOIN residents_person AS person ON person.id = contract.person_id
WHERE contract.team_id = :team ORDER BY person.name, contract.id LIMIT 21
"""


def main() -> float:
    """Measure both; how many times the floor planning takes."""
    with tempfile.TemporaryDirectory(prefix="kangqiao-bench-") as scratch:
        configure(Path(scratch))
        from bench.world import migrated
        from core import database

        url = migrated(Path(scratch), "panel")
        engine = database.make_engine(url, 2)
        database.use(engine)
        team = _fill(engine)
        planned = _seconds(_plan)
        rows, floor = _floor(engine)
        print(f"planning {CONTRACTS} residents: {planned:.2f} s, {rows} obligations")
        print(f"the same rows by one INSERT: {floor:.2f} s")
        again = _seconds(lambda: _plan_tomorrow())
        print(f"the next night, nothing to change: {again:.2f} s")
        _panel(engine, team)
        engine.dispose()
    return planned / floor


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def _plan() -> None:
    from family_doctor.jobs import plan_obligations

    plan_obligations()


def _plan_tomorrow() -> None:
    with clock.shifted(timedelta(days=1)):
        _plan()


def _floor(engine: Engine) -> tuple[int, float]:
    with engine.begin() as connection:
        begun = perf_counter()
        rows = connection.execute(text(FLOOR)).rowcount
        seconds = perf_counter() - begun
        connection.execute(text("DELETE FROM family_doctor_obligation WHERE slot LIKE 'floor %'"))
    return rows, seconds


def _panel(engine: Engine, team: object) -> None:
    from uuid import UUID

    from family_doctor.queries.team import list_panel, progress_of
    from family_doctor.schemas import PanelSearch

    team_id = UUID(str(team))

    def page() -> None:
        for _ in range(PAGES):
            with Session(engine) as session:
                found = list_panel(session, team_id, PanelSearch())
                progress_of(session, [each.contract_id for each in found.items])

    def bare() -> None:
        for _ in range(PAGES):
            with Session(engine) as session:
                session.execute(text(BARE_PANEL), {"team": team}).all()

    page()
    shown, plain = _seconds(page) / PAGES * 1000, _seconds(bare) / PAGES * 1000
    print(f"panel page of {CONTRACTS}: {shown:.1f} ms, bare SELECT {plain:.1f} ms")


def _fill(engine: Engine) -> object:
    """Ten thousand residents under contract with one team; returns the team's id."""
    from core.ids import new_id
    from family_doctor.obligations import term_end
    from regions.load.bulk import Bulk
    from regions.load.catalogue import load_catalogue
    from regions.load.norms import load_norms
    from regions.pack import load_pack

    start = clock.today()
    institution, team = new_id(), new_id()
    values = {
        "count": CONTRACTS, "team": team, "institution": institution, "start": start,
        "end": term_end(start, 1),
    }  # fmt: skip
    pack = load_pack("guigang")
    with Session(engine) as session, session.begin():
        bulk = Bulk(session)
        load_catalogue(bulk, pack)
        load_norms(bulk, pack)
        for statement in (
            "INSERT INTO directory_division (code, name, level, population, estimated)"
            " VALUES ('990102001', '', 'town', 1, false)",
            "INSERT INTO directory_institution (id, code, name, short_name, type_code, level,"
            " ownership, division_code, address, beds, doctors, nurses, bookable, example,"
            " version, created_at) VALUES (:institution, 'b', '', '', 'C220', '', 'public',"
            " '990102001', '', 0, 0, 0, false, true, 1, now())",
            "INSERT INTO directory_team (id, institution_id, division_code, name, capacity,"
            " introduction, example, version) VALUES (:team, :institution,"
            " '990102001', '', 2000, '', true, 1)",
            PACK,
            PEOPLE,
            CONTRACTS_OF_PEOPLE,
            ENTITLEMENTS,
            GROUPS,
        ):
            names = {name: value for name, value in values.items() if f":{name}" in statement}
            session.execute(text(statement), names)
        bulk.analyze()
    return team
