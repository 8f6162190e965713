"""How names, figures, months and yardsticks read in the reader's language."""

from dataclasses import dataclass
from functools import cache
from typing import Protocol

from babel.dates import format_skeleton

from core.web.languages import english, gettext, language
from gov_stats.periods import Month
from gov_stats.schemas import FigureView, IndicatorView, RunView

# One mark for whatever is hidden: two would tell which counts are small.
HIDDEN = "<5*"
NOTHING = "—"
PERCENT, MONEY = "%", "CNY"
GOOD_QUALITY = 0.99


class Named(Protocol):
    """What has a name in both languages."""

    @property
    def name(self) -> str:
        """In Chinese."""

    @property
    def name_en(self) -> str | None:
        """In English, where there is one."""


@dataclass(frozen=True, slots=True)
class Note:
    """A short remark with its state (good, warn, calm)."""

    text: str
    state: str = "calm"


def name_of(item: Named) -> str:
    """The name in the reader's language."""
    return (item.name_en or item.name) if english() else item.name


def formula_of(indicator: IndicatorView) -> str:
    """How the figure is reckoned."""
    return indicator.formula_en if english() else indicator.formula


def unit_of(indicator: IndicatorView) -> str:
    """The unit in the reader's language."""
    return indicator.unit_en if english() else indicator.unit


def number_of(indicator: IndicatorView, figure: FigureView | None) -> float | None:
    """The figure as shown, rounded; None where it is hidden or there is none."""
    if figure is None or figure.value is None:
        return None
    return float(round(figure.value, indicator.decimals))


def text_of(indicator: IndicatorView, figure: FigureView | None) -> str:
    """The figure in words: 44.8%, ¥1,286.00, 2.51, <5*, or an em dash."""
    if figure is not None and figure.suppressed:
        return HIDDEN
    number = number_of(indicator, figure)
    return NOTHING if number is None else _written(indicator, number)


def month_of(period: str) -> str:
    """2026年10月, or October 2026."""
    return _month(period, "yMMMM", language())


def short_month_of(period: str) -> str:
    """10月, or Oct."""
    return _month(period, "MMM", language())


def yardstick_of(indicator: IndicatorView) -> str:
    """The national value with its year, or with a word that it was not read in a source."""
    if indicator.yardstick is None:
        return ""
    value = _written(indicator, float(indicator.yardstick))
    if indicator.yardstick_estimate:
        return gettext("参考 %(value)s（待核实）", value=value)
    return gettext("全国 %(value)s（%(year)s）", value=value, year=indicator.yardstick_year)


def remark_on(
    indicator: IndicatorView, figure: FigureView | None, before: FigureView | None
) -> Note:
    """What the figure is held against: the national value, else the month before."""
    number = number_of(indicator, figure)
    if indicator.yardstick is not None:
        if number is None or figure is None or figure.denominator is None:
            return Note(yardstick_of(indicator))
        return Note(yardstick_of(indicator), "good" if number >= indicator.yardstick else "warn")
    earlier = number_of(indicator, before)
    if number is None or earlier is None:
        return Note(gettext("上月不可比"))
    if number == earlier:
        return Note(gettext("与上月持平"))
    change = f"{number - earlier:+,.{indicator.decimals}f}"
    return Note(gettext("较上月 %(change)s", change=change))


def quality_of(run: RunView) -> Note:
    """How much of the source facts could be placed in a division of the region."""
    facts = sum(run.sources.values())
    share = 1 - run.unplaced / facts if facts else 0.0
    text = gettext(
        "%(count)s 类来源 · 归属完整 %(share)s",
        count=len(run.sources),
        share=f"{share * 100:.1f}%",
    )
    return Note(text, "good" if share >= GOOD_QUALITY else "warn")


def _written(indicator: IndicatorView, number: float) -> str:
    text = f"{number:,.{indicator.decimals}f}"
    if indicator.unit_en == MONEY:
        return f"¥{text}"
    return f"{text}%" if indicator.unit == PERCENT else text


@cache
def _month(period: str, skeleton: str, locale: str) -> str:
    return format_skeleton(skeleton, Month.parse(period).first_day, locale=locale)
