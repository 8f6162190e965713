"""Checking the values of a form, and what they say by a norm's rules. Pure."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from core.messages import N_
from family_doctor.schemas import (
    Assessment,
    Conclusion,
    FieldKind,
    FormDefinition,
    FormField,
    Test,
)

LONGEST_TEXT = 300
MOST_LINES = 12
REQUIRED = N_("请填写这一项。")
NO_NUMBER = N_("请填写数字。")
IMPOSSIBLE = N_("这个数值不可能，请检查是否多按了一位或填错了单位。")
TENTH = 0.1
NO_CHOICE = N_("请从列出的选项中选择。")
NO_DATE = N_("请填写正确的日期。")
TOO_LONG = N_("内容太长，请写短一些。")
UNUSUAL = N_("这个数值很少见，请核对。")
CROSSED = N_("舒张压应低于收缩压，请检查是否填反。")
UNKNOWN = N_("表单没有这一项。")


class Checked(NamedTuple):
    """Values as they are kept, sentences on what is wrong, and the fields of unusual values."""

    values: dict[str, Any]
    errors: dict[str, str]
    unusual: tuple[str, ...]


def check(form: FormDefinition, given: Mapping[str, Any]) -> Checked:
    """Read what was typed or sent. What is impossible or missing has a sentence; what is merely
    unusual is named, to be asked about.
    """
    values: dict[str, Any] = {}
    fields = {field.name: field for field in form.fields}
    errors = {name: UNKNOWN for name in given if name not in fields}
    for name, field in fields.items():
        raw = given.get(name)
        # Nothing was said; a nought is something.
        if raw is None or raw is False or raw in ("", [], ()):
            if field.required:
                errors[name] = REQUIRED
            continue
        try:
            values[name] = READERS[field.kind](field, raw)
        except ValueError as error:
            errors[name] = str(error)
    for high, low in (("sbp", "dbp"), ("sbp_left", "dbp_left")):
        if high in values and low in values and values[low] >= values[high]:
            errors[low] = CROSSED
    return Checked(values, errors, tuple(_unusual(fields, values)))


def bmi(values: Mapping[str, Any]) -> float | None:
    """kg/m², of weight (kg) and height (cm)."""
    weight, height = values.get("weight"), values.get("height")
    return round(weight / (height / 100) ** 2, 1) if weight and height else None


def readings(form: FormDefinition, document: str) -> tuple[tuple[str, str, str, str], ...]:
    """What a follow-up measured, of its values as they are kept: (label, English label, value,
    unit), in the order of the form.
    """
    values = json.loads(document)
    return tuple(
        (field.label, field.label_en, str(values[field.name]), field.unit)
        for field in form.fields
        if field.kind is FieldKind.NUMBER and field.name in values
    )


def age_on(born: date, day: date) -> int:
    """Years of age."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def assess(
    rules: Assessment, values: Mapping[str, Any], age: int, before: str | None, on: date
) -> Conclusion:
    """What the values say; ``before`` is the result of the follow-up before."""
    emergencies = tuple(
        (each.name, each.name_en) for each in rules.emergencies if holds(each.test, values, age)
    )
    result = next(
        (
            rule.result
            for rule in rules.results
            if any(holds(test, values, age) for test in rule.any)
        ),
        rules.otherwise,
    )
    return Conclusion(
        result=result,
        emergencies=emergencies,
        advice=rules.advice if emergencies else "",
        advice_en=rules.advice_en if emergencies else "",
        referral=bool(emergencies) or wants_referral(rules, result, before),
        next_on=next_day(rules, result, emergency=bool(emergencies), on=on),
    )


def wants_referral(rules: Assessment, result: str, before: str | None) -> bool:
    """Whether a result sends on: some at once, others the second time running."""
    return result in rules.referred or (result in rules.repeated and before in rules.repeated)


def next_day(rules: Assessment, result: str, *, emergency: bool, on: date) -> date | None:
    """By when the rule wants the next follow-up; None where it does not say."""
    days = rules.next_days.get(result)
    if emergency:
        days = min(rules.emergency_days, days if days is not None else rules.emergency_days)
    return on + timedelta(days=days) if days is not None else None


def holds(test: Test, values: Mapping[str, Any], age: int) -> bool:
    """Whether a condition holds of the values of a form, of somebody of this age."""
    if test.from_age is not None and age < test.from_age:
        return False
    if test.below_age is not None and age >= test.below_age:
        return False
    value = values.get(test.field)
    if value is None:
        return False
    if test.any_of:
        given = value if isinstance(value, list) else [value]
        return bool(set(test.any_of) & set(given))
    if test.true:
        return bool(value)
    return (test.at_least is None or value >= test.at_least) and (
        test.at_most is None or value <= test.at_most
    )


def _unusual(fields: Mapping[str, FormField], values: Mapping[str, Any]) -> Iterable[str]:
    for name, value in values.items():
        field = fields[name]
        if field.low is None or field.high is None:
            continue
        if not field.low <= value <= field.high:
            yield name


def _number(field: FormField, raw: Any) -> float | int:
    if isinstance(raw, bool):
        raise ValueError(NO_NUMBER)
    try:
        number = float(str(raw).strip().replace("，", ".").replace(",", "."))
    except ValueError:
        raise ValueError(NO_NUMBER) from None
    if field.min is None or field.max is None or not field.min <= number <= field.max:
        raise ValueError(IMPOSSIBLE)
    if field.step >= 1:
        return round(number)
    return round(number, 1 if field.step >= TENTH else 2)


def _choice(field: FormField, raw: Any) -> str:
    if raw not in [option.code for option in field.choices]:
        raise ValueError(NO_CHOICE)
    return str(raw)


def _choices(field: FormField, raw: Any) -> list[str]:
    chosen = [raw] if isinstance(raw, str) else list(raw) if isinstance(raw, list | tuple) else [0]
    known = [option.code for option in field.choices]
    if not all(each in known for each in chosen):
        raise ValueError(NO_CHOICE)
    return [code for code in known if code in chosen]


def _flag(field: FormField, raw: Any) -> bool:
    if raw not in (True, "true", "on", "1"):
        raise ValueError(NO_CHOICE)
    return True


def _text(field: FormField, raw: Any) -> str:
    text = str(raw).strip()
    if len(text) > LONGEST_TEXT or "\x00" in text:
        raise ValueError(TOO_LONG)
    return text


def _lines(field: FormField, raw: Any) -> list[str]:
    lines = raw.splitlines() if isinstance(raw, str) else [str(each) for each in raw]
    kept = [line.strip() for line in lines if line.strip()]
    if len(kept) > MOST_LINES or any(len(line) > LONGEST_TEXT or "\x00" in line for line in kept):
        raise ValueError(TOO_LONG)
    return kept


def _date(field: FormField, raw: Any) -> str:
    try:
        return date.fromisoformat(str(raw)).isoformat()
    except ValueError:
        raise ValueError(NO_DATE) from None


READERS: Mapping[FieldKind, Callable[[FormField, Any], Any]] = {
    FieldKind.NUMBER: _number,
    FieldKind.CHOICE: _choice,
    FieldKind.CHOICES: _choices,
    FieldKind.FLAG: _flag,
    FieldKind.TEXT: _text,
    FieldKind.LINES: _lines,
    FieldKind.DATE: _date,
}
