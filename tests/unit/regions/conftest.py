"""One pack for all, and one population of a hundredth of the city."""

from datetime import date

import pytest

from regions.pack import RegionPack, load_pack
from regions.population import Household, households

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def pack() -> RegionPack:
    return load_pack("guigang")


@pytest.fixture(scope="session")
def hundredth(pack: RegionPack) -> list[Household]:
    return list(households(pack, today=TODAY, seed=1, scale=0.01))
