"""What the analysis says: names of measures, tables and parts, keys of the catalogue."""

from core.messages import N_
from core.web.languages import gettext
from core.web.names import named
from family_doctor.queries.analysis.counts import AGE_BANDS
from family_doctor.schemas import (
    AnalysisRow,
    AnalysisTab,
    Channel,
    EndReason,
    Measure,
    TableCode,
)
from family_doctor.web.wording import CHANNELS, REASONS

# One mark for whatever is hidden: two would tell which counts are small.
HIDDEN = "<5*"
TABS = {
    AnalysisTab.CONTRACTS: N_("签约情况"),
    AnalysisTab.SERVICES: N_("服务履约"),
    AnalysisTab.ENDINGS: N_("到期与结束"),
    AnalysisTab.RESIDENTS: N_("居民情况"),
    AnalysisTab.PROVIDERS: N_("机构与团队"),
}
MEASURES = {
    Measure.IN_FORCE: N_("期末在签"),
    Measure.BEGAN: N_("本期生效"),
    Measure.ENDED: N_("本期结束"),
    Measure.COMING: N_("60 天内到期"),
    Measure.DUE: N_("应做服务"),
    Measure.KEPT: N_("已做服务"),
    Measure.REGISTERED: N_("登记居民"),
}
TITLES = {
    TableCode.CHANNELS: N_("本期生效的签约，按签约方式"),
    TableCode.PACKS: N_("期末在签，按服务包"),
    TableCode.GROUPS: N_("各重点人群的签约率（一人可属多个人群）"),
    TableCode.ITEMS: N_("服务应做与已做，按项目"),
    TableCode.REASONS: N_("本期结束的签约，按原因"),
    TableCode.AGES: N_("各年龄段的签约率"),
    TableCode.PLACES: N_("各地"),
    TableCode.PROVIDERS: N_("各机构与团队"),
}
PARTS = {
    TableCode.CHANNELS: N_("签约方式"),
    TableCode.PACKS: N_("服务包"),
    TableCode.GROUPS: N_("人群"),
    TableCode.ITEMS: N_("服务项目"),
    TableCode.REASONS: N_("原因"),
    TableCode.AGES: N_("年龄"),
    TableCode.PLACES: N_("地方"),
    TableCode.PROVIDERS: N_("机构或团队"),
}
# What the second measure of a table is of the first.
RATES = {
    TableCode.GROUPS: N_("签约率"),
    TableCode.AGES: N_("签约率"),
    TableCode.ITEMS: N_("履约率"),
}


def name_of(table: TableCode, row: AnalysisRow) -> str:
    """What a row is called in the reader's language."""
    match table:
        case TableCode.CHANNELS:
            return gettext(CHANNELS[Channel(row.key)])
        case TableCode.REASONS:
            return gettext(REASONS[EndReason(row.key)])
        case TableCode.AGES:
            return ages(int(row.key))
        case _:
            return named(row.name, row.name_en if row.name_en != row.name else None)


def ages(since: int) -> str:
    """A band of ages by the years with which it begins."""
    at = AGE_BANDS.index(since)
    if at + 1 == len(AGE_BANDS):
        return gettext("%(years)s 岁及以上", years=since)
    return gettext("%(since)s–%(until)s 岁", since=since, until=AGE_BANDS[at + 1] - 1)


def quarter_words(quarter: str) -> str:
    """2026年第4季度, or Q4 2026."""
    return gettext("%(year)s年第%(number)s季度", year=quarter[:4], number=quarter[-1])


def number_text(count: int | None) -> str:
    """1,486, or the mark of what is hidden."""
    return HIDDEN if count is None else f"{count:,}"


def rate(part: int | None, whole: int | None) -> float | None:
    """A share in percent, to a tenth; None where a count is hidden or nothing is there."""
    return None if part is None or not whole else round(part / whole * 100, 1)


def change_text(now: int | None, before: int | None) -> str:
    """+12, -3, 0, or an em dash where one of the two is hidden."""
    if now is None or before is None:
        return "—"
    return f"{now - before:+,}" if now != before else "0"


def hidden_note() -> str:
    """What the mark of a hidden figure means."""
    return gettext("%(mark)s 表示少于 5，或为防止由合计推算而一并隐藏。", mark=HIDDEN)
