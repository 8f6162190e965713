from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from core.disclosure import SMALLEST_SHOWN, Tree, hide, roll_up
from gov_stats.measures import GUARDS, hidden_divisions
from tests.unit.core.attack import Knowledge, Row, vector

CITY = "C"
COUNTS = st.integers(0, 12)


def make_tree(townships: list[int]) -> Tree:
    """A city with so many townships in each county."""
    parents: dict[str, str | None] = {CITY: None}
    for county, number in enumerate(townships):
        parents[f"{county}"] = CITY
        for township in range(number):
            parents[f"{county}.{township}"] = f"{county}"
    return Tree(parents)


SHAPES = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(make_tree)


def cells_below(tree: Tree, code: str) -> list[str]:
    """The divisions whose own counts add up to that of ``code``."""
    return [unit for unit in tree.parents if code in tree.path(unit)]


@st.composite
def counted(draw: st.DrawFn) -> tuple[Tree, dict[str, int]]:
    """A tree with facts at townships and, as with hospitals, now and then above them."""
    tree = draw(SHAPES)
    own = {
        code: draw(COUNTS if not tree.children[code] else st.sampled_from([0, 0, 0, 3, 9]))
        for code in tree.parents
    }
    return tree, own


@given(counted())
def test_roll_up_counts_every_fact_once(case: tuple[Tree, dict[str, int]]) -> None:
    tree, own = case
    totals = roll_up(tree, own)
    assert totals[CITY] == sum(own.values())
    for code, children in tree.children.items():
        assert totals[code] == own[code] + sum(totals[child] for child in children)


def test_roll_up_leaves_out_other_regions() -> None:
    assert roll_up(make_tree([1]), {"elsewhere": 7, "0.0": 2}) == {CITY: 2, "0": 2, "0.0": 2}


@settings(max_examples=300, deadline=None)
@given(counted())
def test_no_subtraction_gives_a_count_under_five(case: tuple[Tree, dict[str, int]]) -> None:
    tree, own = case
    totals = roll_up(tree, own)
    hidden = hide(tree, [totals])
    # An attacker knows the shape of the tree, what is shown, and where nothing was counted at all.
    cells = [code for code in tree.parents if own[code] or not tree.children[code]]
    rows = {
        code: vector(len(cells), (cells.index(c) for c in cells_below(tree, code) if c in cells))
        for code in tree.parents
    }
    known = Knowledge(rows[code] for code in tree.parents if code not in hidden)
    for code in hidden:
        assert totals[code] >= SMALLEST_SHOWN or not known.determines(rows[code])
    for number, cell in enumerate(cells):
        if own[cell] < SMALLEST_SHOWN:
            assert not known.determines(vector(len(cells), [number]))
    for code in set(tree.parents) - hidden:
        assert totals[code] >= SMALLEST_SHOWN
        rest = totals[code] - sum(totals[c] for c in tree.children[code] if c not in hidden)
        away = [c for c in tree.children[code] if c in hidden]
        if all(not tree.children[c] for c in away):
            assert rest >= SMALLEST_SHOWN or not (away or own[code])


@given(counted())
def test_nothing_is_hidden_where_all_is_large(case: tuple[Tree, dict[str, int]]) -> None:
    tree, own = case
    large = {code: count + SMALLEST_SHOWN for code, count in own.items()}
    assert not hide(tree, [roll_up(tree, large)])


def test_a_single_small_township_takes_the_smallest_sibling_with_it() -> None:
    tree = make_tree([3])
    totals = roll_up(tree, {"0.0": 3, "0.1": 40, "0.2": 9})
    assert hide(tree, [totals]) == {"0.0", "0.2"}


def test_two_small_townships_that_sum_up_large_protect_each_other() -> None:
    tree = make_tree([3])
    assert hide(tree, [roll_up(tree, {"0.0": 3, "0.1": 40, "0.2": 4})]) == {"0.0", "0.2"}


def test_a_small_county_takes_a_county_and_one_of_its_townships_with_it() -> None:
    tree = make_tree([1, 2, 1])
    totals = roll_up(tree, {"0.0": 2, "1.0": 20, "1.1": 30, "2.0": 90})
    assert hide(tree, [totals]) == {"0", "0.0", "1", "1.0"}


Atoms = dict[str, tuple[int, int, int, int]]


@st.composite
def populations(draw: st.DrawFn) -> tuple[Tree, Atoms]:
    """Each township's residents: key and signed, key and not, other and signed, other and not."""
    tree = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3).map(make_tree))
    some = st.integers(0, 9)
    leaves = [code for code, children in tree.children.items() if not children]
    return tree, {leaf: draw(st.tuples(some, some, some, some)) for leaf in leaves}


NESTED = {
    "residents": (0, 1, 2, 3),
    "key_residents": (0, 1),
    "contracts": (0, 2),
    "key_contracts": (0,),
}
UNSHOWN = ((1,), (2,), (3,), (2, 3), (1, 3))


@settings(max_examples=300, deadline=None)
@given(populations())
def test_no_difference_of_nested_counts_gives_one_under_five(case: tuple[Tree, Atoms]) -> None:
    tree, atoms = case
    leaves = list(atoms)

    def row(code: str, kinds: tuple[int, ...]) -> Row:
        inside = [n for n, leaf in enumerate(leaves) if code in tree.path(leaf)]
        return vector(4 * len(leaves), (4 * n + kind for n in inside for kind in kinds))

    def size(code: str, kinds: tuple[int, ...]) -> int:
        return sum(atoms[leaf][k] for leaf in leaves if code in tree.path(leaf) for k in kinds)

    totals: dict[str, Mapping[str, int]] = {
        measure: {code: size(code, NESTED.get(measure, ())) for code in tree.parents}
        for measure in GUARDS
    }
    hidden = hidden_divisions(tree, totals)
    known = Knowledge(
        row(code, kinds)
        for measure, kinds in NESTED.items()
        for code in tree.parents
        if code not in hidden[measure]
    )
    for kinds in (*NESTED.values(), *UNSHOWN):
        for code in tree.parents:
            assert size(code, kinds) >= SMALLEST_SHOWN or not known.determines(row(code, kinds))


def test_a_rate_of_nearly_everybody_is_hidden_too() -> None:
    tree = make_tree([2])
    own = {measure: {"0.0": 0, "0.1": 0} for measure in GUARDS}
    own |= {"due": {"0.0": 40, "0.1": 40}, "done": {"0.0": 38, "0.1": 20}}
    hidden = hidden_divisions(tree, {m: roll_up(tree, counts) for m, counts in own.items()})
    assert hidden["due"] == frozenset()
    assert hidden["done"] == {"0.0", "0.1"}
