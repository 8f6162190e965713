"""Shares hold, whatever the chance."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from regions.chance import Even, counts_by_share

shares = st.lists(st.floats(0.001, 1), min_size=1, max_size=40)


@given(st.lists(st.floats(0, 1), max_size=200), st.integers(0, 100))
def test_yeses_stay_near_their_expectation(probabilities: list[float], seed: int) -> None:
    even = Even(Random(seed))
    taken = sum(even.takes(probability) for probability in probabilities)
    assert abs(taken - sum(probabilities)) < 2


@given(st.integers(1, 50), st.integers(0, 100))
def test_the_certain_is_always_taken(count: int, seed: int) -> None:
    even = Even(Random(seed))
    assert all(even.takes(1.0) for _ in range(count))


@given(st.integers(0, 100))
def test_the_impossible_is_never_taken(seed: int) -> None:
    even, rng = Even(Random(seed)), Random(seed)
    for _ in range(100):
        assert not even.takes(0.0)
        even.takes(rng.random())


@given(shares, st.integers(0, 10_000), st.integers(0, 100))
def test_counts_add_up_and_are_near_their_share(parts: list[float], total: int, seed: int) -> None:
    counts = counts_by_share(parts, total, Random(seed))
    assert sum(counts) == total
    for count, part in zip(counts, parts, strict=True):
        assert abs(count - part / sum(parts) * total) <= 1.001
