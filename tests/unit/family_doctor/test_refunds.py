"""What is due back: never more than was paid, never less than the unperformed share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from family_doctor.refunds import reckon
from family_doctor.schemas import RefundItem, RefundRule


def item(price: int, times: int, performed: int) -> RefundItem:
    return RefundItem(
        code="a", name="甲", name_en="A", unit_price_fen=price, times=times, performed=performed
    )


ITEMS = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(1, 60), st.integers(0, 60)).map(
        lambda drawn: item(drawn[0], drawn[1], min(drawn[1], drawn[2]))
    ),
    max_size=8,
)
PAID = st.integers(0, 10**8)


@given(PAID, ITEMS)
def test_it_is_the_unperformed_share_rounded_up(paid: int, items: list[RefundItem]) -> None:
    due = reckon(RefundRule.UNPERFORMED, paid, items)
    assert 0 <= due.refund_fen <= paid
    if due.whole_fen:
        assert 0 <= due.refund_fen * due.whole_fen - paid * due.unperformed_fen < due.whole_fen


@given(PAID, ITEMS, st.sampled_from(sorted(set(RefundRule) - {RefundRule.UNPERFORMED})))
def test_the_other_rules_give_all_back(
    paid: int, items: list[RefundItem], rule: RefundRule
) -> None:
    assert reckon(rule, paid, items).refund_fen == paid


@pytest.mark.parametrize(
    ("items", "refund"),
    [
        ([item(100, 3, 1)], 667),  # two thirds of ten yuan, a part of a fen counts as one
        ([item(100, 3, 3)], 0),
        ([item(0, 1, 1), item(0, 3, 0)], 750),  # without prices each service weighs the same
        ([item(0, 4, 4), item(200, 1, 0)], 1000),
        ([], 1000),
    ],
)
def test_examples(items: list[RefundItem], refund: int) -> None:
    assert reckon(RefundRule.UNPERFORMED, 1000, items).refund_fen == refund
