"""Whether a long-term medicine may be asked for, by the region's rule. Pure.

By 长期处方管理规范（试行）2021: the diagnosis clear, the regimen stable, the disease controlled,
and no excluded class; what the document leaves open the region's rule says in days.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from family_doctor.schemas import DrugClass, Hurdle, PrescriptionRules


class Seen(NamedTuple):
    """The last follow-up of a kind: the service's code, its day, and what it found."""

    item_code: str
    on: date
    result: str
    emergency: bool


class Standing(NamedTuple):
    """What is known of a person today; ``emergency`` is one that nobody of the team has seen to."""

    today: date
    contracted: bool
    emergency: bool
    seen: Sequence[Seen]


def hurdles(
    rules: PrescriptionRules | None,
    class_code: str,
    runs_out_on: date | None,
    standing: Standing,
    *,
    waiting: bool,
) -> tuple[Hurdle, ...]:
    """What stands in the way of asking for a medicine now, the most pressing first."""
    return tuple(_hurdles(rules, class_code, runs_out_on, standing, waiting))


def askable_on(rules: PrescriptionRules | None, runs_out_on: date | None) -> date | None:
    """The first day on which the supply at hand lets one ask."""
    if rules is None or runs_out_on is None:
        return None
    return runs_out_on - timedelta(days=rules.early_days)


def unstable(drug: DrugClass, rules: PrescriptionRules, standing: Standing) -> Hurdle | None:
    """What the follow-ups say against a supply without a visit: there is none, none is recent, or
    one of the recent ones was not in control.
    """
    of_class = [each for each in standing.seen if each.item_code in drug.follow_ups]
    if not of_class:
        return Hurdle.NO_FOLLOW_UP
    since = standing.today - timedelta(days=rules.follow_up_days)
    recent = [each for each in of_class if each.on >= since]
    if not recent:
        return Hurdle.OLD_FOLLOW_UP
    return None if _in_control(recent, rules.in_control) else Hurdle.NOT_IN_CONTROL


def _in_control(recent: Sequence[Seen], results: Collection[str]) -> bool:
    return all(each.result in results and not each.emergency for each in recent)


def _hurdles(
    rules: PrescriptionRules | None,
    class_code: str,
    runs_out_on: date | None,
    standing: Standing,
    waiting: bool,
) -> Iterator[Hurdle]:
    if waiting:
        yield Hurdle.WAITING
        return
    if not standing.contracted:
        yield Hurdle.NO_CONTRACT
        return
    if rules is None:
        yield Hurdle.NO_RULE
        return
    drug = rules.drug(class_code)
    if drug is None or not drug.allowed:
        yield Hurdle.DRUG_CLASS
        return
    if standing.emergency:
        yield Hurdle.EMERGENCY
    found = unstable(drug, rules, standing)
    if found:
        yield found
    first = askable_on(rules, runs_out_on)
    if first and standing.today < first:
        yield Hurdle.TOO_EARLY
