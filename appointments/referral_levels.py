"""Which way is up: how high a house stands among those that refer patients to each other. Pure."""

from typing import Protocol

# Community and township health centres, outpatient houses and village rooms are primary care,
# whatever grade they earned as such (WS 218).
PRIMARY_CLASSES = ("B", "C", "D")
# Hospitals, and hospitals for women and children.
HOSPITAL_CLASSES = ("A", "G")
GRADES = {"一": 1, "二": 2, "三": 3}
PRIMARY = 1
# What a hospital counts as that nobody graded, such as a branch.
UNGRADED = 2


class House(Protocol):
    """What has a class and a grade."""

    @property
    def type_code(self) -> str:
        """WS 218."""

    @property
    def level(self) -> str:
        """The grade in words, or nothing."""


def is_above(one: House, other: House) -> bool:
    """Whether patients are referred up from ``other`` to ``one``, and down from it to ``other``;
    never to or from a house that treats nobody, such as a blood bank.
    """
    higher, lower = _height(one), _height(other)
    return higher is not None and lower is not None and higher > lower


def _height(house: House) -> int | None:
    kind = house.type_code[:1]
    if kind in PRIMARY_CLASSES and not house.type_code.startswith("CDC"):
        return PRIMARY
    if kind in HOSPITAL_CLASSES:
        return GRADES.get(house.level[:1], UNGRADED)
    return None
