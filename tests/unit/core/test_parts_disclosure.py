"""What may be shown of a whole in parts, against exact linear algebra."""

from hypothesis import given, settings
from hypothesis import strategies as st

from core.disclosure import SMALLEST_SHOWN, Tree, hide, hide_parts, roll_up
from tests.unit.core.attack import Knowledge, vector

CITY = "C"
COUNTS = st.sampled_from([0, 0, 1, 3, 4, 5, 6, 8, 20, 60])
PARTS = ("a", "b", "c", "d")


@st.composite
def parted(draw: st.DrawFn) -> tuple[Tree, dict[str, dict[str, int]]]:
    """A city of counties and townships, and the counts of each part in each place itself."""
    parents: dict[str, str | None] = {CITY: None}
    for county, number in enumerate(draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))):
        parents[f"{county}"] = CITY
        parents |= {f"{county}.{township}": f"{county}" for township in range(number)}
    tree = Tree(parents)
    names = PARTS[: draw(st.integers(1, len(PARTS)))]
    own = {
        part: {
            code: draw(COUNTS if not tree.children[code] else st.sampled_from([0, 0, 0, 7]))
            for code in parents
        }
        for part in names
    }
    return tree, own


@settings(max_examples=120, deadline=None)
@given(parted())
def test_no_part_under_five_can_be_worked_out(
    case: tuple[Tree, dict[str, dict[str, int]]],
) -> None:
    tree, own = case
    totals = {part: roll_up(tree, counts) for part, counts in own.items()}
    whole = {code: sum(each[code] for each in totals.values()) for code in tree.parents}
    closed = hide(tree, [whole])
    hidden = hide_parts(tree, {part: [each] for part, each in totals.items()}, closed)
    # The unknowns: what each of the lowest places has of each part, and whatever lies above them.
    unknowns = [
        (part, code)
        for part, counts in own.items()
        for code, count in counts.items()
        if count or not tree.children[code]
    ]
    place = {unknown: number for number, unknown in enumerate(unknowns)}

    def cells(parts: list[str], code: str) -> list[int]:
        below = [unit for unit in tree.parents if code in tree.path(unit)]
        return [place[part, unit] for part in parts for unit in below if (part, unit) in place]

    size = len(unknowns)
    known = [
        vector(size, cells([part], code))
        for part in own
        for code in tree.parents
        if code not in hidden[part]
    ]
    known += [vector(size, cells(list(own), code)) for code in tree.parents if code not in closed]
    knowledge = Knowledge(known)
    for part in own:
        for code in tree.parents:
            if code not in hidden[part]:
                assert totals[part][code] >= SMALLEST_SHOWN
            elif totals[part][code] < SMALLEST_SHOWN:
                assert not knowledge.determines(vector(size, cells([part], code))), (part, code)


def test_a_table_of_large_parts_is_shown_whole() -> None:
    tree = Tree({CITY: None, "1": CITY, "2": CITY})
    parts = {"a": [{CITY: 20, "1": 10, "2": 10}], "b": [{CITY: 18, "1": 9, "2": 9}]}
    assert hide_parts(tree, parts, frozenset()) == {"a": frozenset(), "b": frozenset()}
