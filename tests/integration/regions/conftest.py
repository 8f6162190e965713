"""A region loaded once for all tests here: few people, and two hospitals that take bookings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine

from core import database
from core.settings import settings
from regions.load.organisation import best_hospital
from regions.load.region import load_demo
from regions.pack import RegionPack, load_pack
from tests import postgres

SCALE = 0.0001
COUNTY_HOSPITAL = "A210"


@pytest.fixture(scope="session")
def small_pack() -> RegionPack:
    """The first region with two bookable hospitals: opening the others' clinics takes its time."""
    pack = load_pack("guigang")
    best = best_hospital(pack)
    other = next(i for i in pack.institutions if i.bookable and i.type_code == COUNTY_HOSPITAL)
    kept = {best.code, other.code}
    institutions = tuple(
        i.model_copy(update={"bookable": i.code in kept}) for i in pack.institutions
    )
    return replace(pack, institutions=institutions)


@contextmanager
def bound_clone(template: str) -> Iterator[Engine]:
    """An own database with real commits, which ``transaction()`` works on."""
    scratch = Path(settings().instance_dir)
    url = postgres.clone(scratch, template, "region")
    engine = database.make_engine(url, 4)
    before = database.bound()
    database.use(engine)
    try:
        yield engine
    finally:
        # Also where a test fails: a connection left open is another test's warning.
        database.use(before)
        engine.dispose()
        postgres.drop(scratch, url)


@pytest.fixture(scope="module")
def loaded(app: APIFlask, template: str, small_pack: RegionPack) -> Iterator[Engine]:
    """The database after a load."""
    with bound_clone(template) as engine:
        with database.transaction() as session:
            load_demo(session, small_pack, scale=SCALE)
        yield engine
