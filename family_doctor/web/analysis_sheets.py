"""An analysis, or the list behind a figure, as a file that is taken along."""

from collections.abc import Sequence

from core.sheets import Sheet, Value
from core.web.formats import iso_date
from core.web.languages import gettext
from core.web.names import named
from family_doctor.schemas import AnalysedPerson, Analysis, Measure, PeopleQuery, Period
from family_doctor.web import analysis_words as words
from family_doctor.web.wording import CHANNELS, REASONS, STATES

SERVICES = (Measure.DUE, Measure.KEPT)


def span(period: Period) -> str:
    """2026-10-01 – 2026-12-31."""
    return f"{iso_date(period.start)} – {iso_date(period.end)}"


def title(analysis: Analysis) -> str:
    """The unit, the place in it and what is analysed."""
    names = [named(analysis.scope.name)]
    if not analysis.scope.from_above:
        names.append(named(analysis.place.name, analysis.place.name_en))
    parts = [*dict.fromkeys(name for name in names if name), analysis.village]
    return " · ".join([*(part for part in parts if part), gettext(words.TABS[analysis.tab])])


def sheet(analysis: Analysis, *, example: bool) -> Sheet:
    """All tables of an analysis, one below the other: a line for each measure of each part."""
    notes = [
        (gettext("期间"), span(analysis.period)),
        (gettext("上期"), span(analysis.before)),
    ]
    if not analysis.scope.people:
        notes.append((gettext("隐藏规则"), words.hidden_note()))
    notes += _example(example)
    whole = [
        _line(gettext("合计"), "", measure, counts.now, counts.before)
        for measure, counts in analysis.figures.items()
    ]
    parts = [
        _line(
            gettext(words.TITLES[table.code]),
            words.name_of(table.code, row),
            measure,
            counts.now,
            counts.before,
        )
        for table in analysis.tables
        for row in table.rows
        for measure, counts in zip(table.measures, row.counts, strict=True)
    ]
    return Sheet(
        title=title(analysis),
        notes=notes,
        header=[gettext("表"), gettext("项目"), gettext("指标"), gettext("本期"), gettext("上期")],
        rows=[*whole, *parts],
        legend_title=gettext("指标口径"),
        legend=legend(),
    )


def people_sheet(
    query: PeopleQuery, period: Period, people: Sequence[AnalysedPerson], *, example: bool
) -> Sheet:
    """The list behind a figure."""
    services = query.figure in SERVICES
    more = [gettext("服务项目"), gettext("应做日期"), gettext("完成日期")] if services else []
    return Sheet(
        title=gettext(words.MEASURES[query.figure]),
        notes=[(gettext("期间"), span(period)), *_example(example)],
        header=[
            gettext("姓名"),
            gettext("村（社区）"),
            gettext("团队"),
            gettext("服务包"),
            gettext("签约方式"),
            gettext("状态"),
            gettext("开始"),
            gettext("到期"),
            gettext("结束"),
            gettext("原因"),
            *more,
        ],
        rows=[_person(each, services=services) for each in people],
        legend_title=gettext("指标口径"),
        legend=legend(),
    )


def legend() -> list[list[str]]:
    """How each measure is counted, under a row of headings."""
    return [
        [gettext("指标"), gettext("口径")],
        [gettext(words.MEASURES[Measure.IN_FORCE]),
         gettext("期间最后一天（未到则今天）仍在协议期内的签约")],
        [gettext(words.MEASURES[Measure.BEGAN]),
         gettext("协议期在期间内开始的签约，含续签和更换")],
        [gettext(words.MEASURES[Measure.ENDED]),
         gettext("期间内由生效变为到期、续签、更换或解约的签约")],
        [gettext(words.MEASURES[Measure.COMING]),
         gettext("期末在签、其后 60 天内到期的签约")],
        [gettext(words.MEASURES[Measure.DUE]),
         gettext("期间内到期（不晚于今天）的服务，已说明原因的不计")],
        [gettext(words.MEASURES[Measure.KEPT]), gettext("应做服务里已完成的")],
        [gettext(words.MEASURES[Measure.REGISTERED]), gettext("按现在登记的居民")],
    ]  # fmt: skip


def _line(
    table: str, part: str, measure: Measure, now: int | None, before: int | None
) -> list[Value]:
    earlier: Value = words.HIDDEN if before is None else before
    if measure is Measure.REGISTERED:
        earlier = None
    return [
        table,
        part,
        gettext(words.MEASURES[measure]),
        words.HIDDEN if now is None else now,
        earlier,
    ]


def _person(each: AnalysedPerson, *, services: bool) -> list[Value]:
    values: list[Value] = [
        each.name,
        each.village_name,
        named(each.team_name),
        named(each.pack_name, each.pack_name_en),
        gettext(CHANNELS[each.channel]),
        gettext(STATES[each.state]),
        *(iso_date(day) if day else "" for day in (each.starts_on, each.ends_on, each.ended_on)),
        gettext(REASONS[each.end_reason]) if each.end_reason else "",
    ]
    if services:
        values.append(named(each.item_name, each.item_name_en))
        values += [iso_date(day) if day else "" for day in (each.due_on, each.done_on)]
    return values


def _example(example: bool) -> list[tuple[str, str]]:
    if not example:
        return []
    return [(gettext("示例"), gettext("演示数据，均为虚构，不反映真实情况。"))]
