"""How dates, money, numbers and permissions read, in both languages; template filters."""

import re
from datetime import date, datetime, timedelta
from typing import TypeAlias

from flask import Flask
from markupsafe import Markup, escape

from core import clock
from core.permissions import action_words, policy_words
from core.roles import ROLE_NAMES, Role
from core.web.languages import SOURCE, gettext, language

WEEKDAYS_ZH = "一二三四五六日"
Day: TypeAlias = date | datetime
ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})")
# How a day, or a minute of the region's clock, is kept among a sentence's values.
KEPT_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})( \d{2}:\d{2})?")
UNBROKEN = Markup('<span class="text-nowrap">{}</span>')


def day(value: Day) -> str:
    """11月24日 周二, or Tue 24 Nov; with its year where that is not this one."""
    local = _local_day(value)
    other = local.year != clock.today().year
    if _chinese():
        year = f"{local.year}年" if other else ""
        return f"{year}{local.month}月{local.day}日 周{WEEKDAYS_ZH[local.weekday()]}"
    return f"{local:%a} {local.day} {local:%b}" + (f" {local.year}" if other else "")


def clock_time(value: datetime) -> str:
    """09:30 on the region's clock."""
    return f"{clock.local(value):%H:%M}"


def clock_seconds(value: datetime) -> str:
    """09:30:15 on the region's clock."""
    return f"{clock.local(value):%H:%M:%S}"


def moment(value: datetime) -> str:
    """11月24日 周二 09:30."""
    return f"{day(value)} {clock_time(value)}"


def span(start: datetime, end: datetime) -> str:
    """11月24日 周二 09:30–10:00."""
    return f"{moment(start)}–{clock_time(end)}"


def written(value: str) -> str:
    """A value of a sentence as it reads: 2026-11-24 and 2026-11-24 09:30 as a day and as a moment,
    anything else as it is.
    """
    kept = KEPT_DAY.fullmatch(value)
    if kept is None:
        return value
    try:
        return day(date.fromisoformat(kept[1])) + (kept[2] or "")
    except ValueError:  # no day of any calendar
        return value


def iso_date(value: Day) -> str:
    """2027-03-31."""
    return _local_day(value).isoformat()


def yuan(fen: int) -> str:
    """¥31.00 from integer fen; a whole amount stays short: ¥31."""
    whole, rest = divmod(abs(fen), 100)
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{whole:,}" + (f".{rest:02d}" if rest else "")


def number(value: float | None, digits: int = 0) -> str:
    """1,486; an em dash where there is none."""
    return "—" if value is None else f"{value:,.{digits}f}"


def percent(share: float | None) -> str:
    """44.8% from 0.448; an em dash where there is none."""
    return "—" if share is None else f"{share * 100:.1f}%"


def distance(value: Day) -> str:
    """How far away a day is: today, tomorrow, in 3 days, 3 days ago."""
    days = (_local_day(value) - clock.today()) // timedelta(days=1)
    if days == 0:
        return gettext("今天")
    if days == 1:
        return gettext("明天")
    if days > 0:
        return gettext("还有 %(days)s 天", days=days)
    return gettext("%(days)s 天前", days=-days)


def unbroken(value: object) -> Markup:
    """The text with its dates kept whole: browsers break 2026-11-24 at its hyphens. What holds
    tags already is left alone.
    """
    text = escape(value)
    if "<" in text:
        return text
    parts = ISO_DATE.split(text.unescape())  # every other one is a date
    return Markup("").join(
        UNBROKEN.format(part) if index % 2 else part for index, part in enumerate(parts)
    )


def action(name: str) -> str:
    """What an action does, in the reader's language."""
    return gettext(action_words(name))


def policy(policy_id: str) -> str:
    """What a policy says, in the reader's language."""
    return gettext(policy_words(policy_id))


def role(name: Role) -> str:
    """What a role is called, in the reader's language."""
    return gettext(ROLE_NAMES[name])


def install(app: Flask) -> None:
    """Register the filters; called once by the factory."""
    app.jinja_env.filters.update(
        day=day,
        clock=clock_time,
        clock_seconds=clock_seconds,
        moment=moment,
        span=span,
        date=iso_date,
        yuan=yuan,
        number=number,
        percent=percent,
        distance=distance,
        action=action,
        policy=policy,
        role=role,
        unbroken=unbroken,
    )


def _local_day(value: Day) -> date:
    return clock.local(value).date() if isinstance(value, datetime) else value


def _chinese() -> bool:
    return language() == SOURCE
