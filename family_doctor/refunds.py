"""How much of the person's part is due back when a contract ends before its term. Pure.

Source: the facts' contract rules, "refund = price of unperformed items", and the national rule that
the whole fee comes back where the team failed the agreement. That a fraction of a fen counts as a
whole one, in the resident's favour, is this portal's own.
"""

from collections.abc import Sequence
from typing import NamedTuple

from family_doctor.schemas import RefundItem, RefundRule


class Due(NamedTuple):
    """The refund, and the prices of what was not performed and of all (fen)."""

    refund_fen: int
    unperformed_fen: int
    whole_fen: int


def reckon(rule: RefundRule, paid_fen: int, items: Sequence[RefundItem]) -> Due:
    """What is due back of ``paid_fen`` by ``rule``.

    Where no item has a price, each service weighs the same; without any item nothing was performed
    and all comes back.
    """
    weights = [each.unit_price_fen for each in items]
    if not any(weights):
        weights = [1] * len(items)
    counted = list(zip(weights, items, strict=True))
    whole = sum(weight * each.times for weight, each in counted)
    unperformed = sum(weight * max(each.times - each.performed, 0) for weight, each in counted)
    if rule is not RefundRule.UNPERFORMED or whole == 0:
        return Due(paid_fen, unperformed, whole)
    return Due(-(-paid_fen * unperformed // whole), unperformed, whole)
