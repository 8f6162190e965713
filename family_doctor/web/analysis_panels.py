"""The tables of an analysis with their pictures, and the ways on from each figure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from core.web.languages import gettext
from family_doctor.schemas import (
    Analysis,
    AnalysisRow,
    AnalysisTable,
    Counts,
    Measure,
    ScopeKind,
    ScopeView,
    TableCode,
)
from family_doctor.web import analysis_words as words

# The name in a list's address of what a table parts its counts by.
FILTERS = {
    TableCode.CHANNELS: "channel",
    TableCode.PACKS: "pack",
    TableCode.GROUPS: "group",
    TableCode.ITEMS: "item",
    TableCode.REASONS: "reason",
}
# Those of which a list can be shown: of registered people without a contract nobody may see one.
LISTED = frozenset(Measure) - {Measure.REGISTERED}
MOST_BARS = 14


@dataclass(frozen=True)
class Cell:
    """What stands in a table, and where it leads."""

    text: str
    value: float | None = None
    url: str | None = None


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    label: str
    cells: Sequence[Cell]
    url: str | None = None

    @property
    def opens(self) -> bool:
        """Whether all of it leads to one place: none of its figures has a list of its own."""
        return self.url is not None and not any(cell.url for cell in self.cells)


@dataclass(frozen=True)
class Panel:
    """A table and its picture; ``spec`` as docs/ui.md has it."""

    id: str
    title: str
    header: Sequence[str]
    rows: Sequence[Row]
    spec: dict[str, Any]

    @property
    def blank(self) -> bool:
        """Whether nothing could be drawn, because all of it is hidden or missing."""
        return not any(any(series["values"]) for series in self.spec["series"])


def asked(analysis: Analysis) -> dict[str, Any]:
    """The query that leads to this analysis again."""
    period = (
        {"quarter": analysis.quarter}
        if analysis.quarter
        else {"start": analysis.period.start, "end": analysis.period.end}
    )
    return {
        "tab": analysis.tab.value,
        **unit(analysis.scope),
        "division": analysis.place.code,
        "village": analysis.village,
        **period,
    }


def unit(scope: ScopeView) -> dict[str, str]:
    """The query's words for whose contracts are analysed."""
    match scope.kind:
        case ScopeKind.TEAM:
            return {"team_id": scope.id}
        case ScopeKind.INSTITUTION:
            return {"institution_id": scope.id}
        case ScopeKind.DIVISION:
            return {}


def address(analysis: Analysis, **changes: object) -> str:
    """The address of this analysis with something else chosen."""
    return url_for("family_doctor_analysis.overview", **{**asked(analysis), **changes})


def behind(analysis: Analysis, measure: Measure, **part: str) -> str | None:
    """The address of the list behind a figure, for who may see one."""
    if not analysis.scope.people or measure not in LISTED:
        return None
    query = {**asked(analysis), "figure": measure.value, **part}
    return url_for("family_doctor_analysis.people", **query)


def panels(analysis: Analysis) -> list[Panel]:
    """All tables of an analysis that have a row."""
    return [_panel(analysis, table) for table in analysis.tables if table.rows]


def _panel(analysis: Analysis, table: AnalysisTable) -> Panel:
    rows = sorted(table.rows, key=lambda row: _weight(table, row), reverse=True)
    if table.code is TableCode.AGES:
        rows = sorted(table.rows, key=lambda row: int(row.key))
    return Panel(
        id=table.code.value,
        title=gettext(words.TITLES[table.code]),
        header=[gettext(words.PARTS[table.code]), *_header(table)],
        rows=[_row(analysis, table, row) for row in rows],
        spec=_spec(analysis, table, rows[:MOST_BARS]),
    )


def _weight(table: AnalysisTable, row: AnalysisRow) -> int:
    return row.counts[0].now or 0


def _header(table: AnalysisTable) -> Iterable[str]:
    for measure in table.measures:
        yield gettext(words.MEASURES[measure])
        if measure is not Measure.REGISTERED:
            yield gettext("上期")
    if table.code in words.RATES:
        yield gettext(words.RATES[table.code])
    elif len(table.measures) == 1:
        yield gettext("变化")


def _row(analysis: Analysis, table: AnalysisTable, row: AnalysisRow) -> Row:
    lead = _lead(analysis, table, row)
    cells: list[Cell] = []
    for measure, counts in zip(table.measures, row.counts, strict=True):
        url = lead(measure) if counts.now else None
        cells.append(Cell(words.number_text(counts.now), counts.now, url))
        if measure is not Measure.REGISTERED:
            cells.append(Cell(words.number_text(counts.before), counts.before))
    if table.code in words.RATES:
        share = words.rate(row.counts[1].now, row.counts[0].now)
        cells.append(Cell("—" if share is None else f"{share}%", share))
    elif len(table.measures) == 1:
        only = row.counts[0]
        cells.append(Cell(words.change_text(only.now, only.before)))
    return Row(words.name_of(table.code, row), cells, _into(analysis, table, row))


def _lead(
    analysis: Analysis, table: AnalysisTable, row: AnalysisRow
) -> Callable[[Measure], str | None]:
    """The way from a measure of a row to the list behind it."""
    if table.code in FILTERS:
        return lambda measure: behind(analysis, measure, **{FILTERS[table.code]: row.key})
    if table.code is TableCode.PLACES:
        return lambda measure: behind(analysis, measure, **_place(row))
    if table.code is TableCode.PROVIDERS:
        return lambda measure: behind(analysis, measure, team_id=row.key)
    return lambda _measure: None


def _into(analysis: Analysis, table: AnalysisTable, row: AnalysisRow) -> str | None:
    """The way into what a row is about."""
    if table.code is TableCode.PLACES and (not row.village or analysis.scope.people):
        return address(analysis, **_place(row))
    if table.code is not TableCode.PROVIDERS:
        return None
    match analysis.scope.kind:
        case ScopeKind.DIVISION:
            return address(analysis, institution_id=row.key, division=None, tab="contracts")
        case ScopeKind.INSTITUTION:
            return address(analysis, institution_id=None, team_id=row.key, tab="contracts")
        case ScopeKind.TEAM:
            return None


def _place(row: AnalysisRow) -> dict[str, str]:
    division, _, village = row.key.partition("/")
    return {"division": division, "village": village} if village else {"division": division}


def _spec(analysis: Analysis, table: AnalysisTable, rows: Sequence[AnalysisRow]) -> dict[str, Any]:
    names = [words.name_of(table.code, row) for row in rows]
    spec: dict[str, Any] = {"kind": "bar", "unit": ""}
    if table.code in words.RATES:
        spec["unit"] = "%"
        pairs = [
            (gettext(words.RATES[table.code]), [_rate(row, "now") for row in rows]),
            (gettext("上期"), [_rate(row, "before") for row in rows]),
        ]
        if Measure.REGISTERED in table.measures:
            # Who was registered then is not known: a rate of then would be of people of today.
            del pairs[1]
    else:
        first = [row.counts[0] for row in rows]
        name = gettext(words.MEASURES[table.measures[0]])
        pairs = [(name, [each.now for each in first])]
        if table.measures[0] is not Measure.REGISTERED:
            pairs.append((gettext("上期"), [each.before for each in first]))
    # What is hidden now and before has no bar: only the table names it.
    drawn = [at for at in range(len(names)) if any(values[at] is not None for _, values in pairs)]
    spec["labels"] = [names[at] for at in drawn]
    spec["series"] = [
        {"name": name, "values": [values[at] for at in drawn]} for name, values in pairs
    ]
    urls = [_into(analysis, table, rows[at]) for at in drawn]
    if any(urls):
        spec["urls"] = urls
    return spec


def _rate(row: AnalysisRow, when: str) -> float | None:
    whole, part = (getattr(counts, when) for counts in row.counts)
    return words.rate(part, whole)


@dataclass(frozen=True)
class Figure:
    """One of the numbers above the tables."""

    label: str
    text: str
    note: str
    url: str | None = None


def figures(analysis: Analysis) -> list[Figure]:
    """The place's own numbers, and the shares that are made of them."""
    found = [
        Figure(
            gettext(words.MEASURES[measure]),
            words.number_text(counts.now),
            _note(measure, counts),
            behind(analysis, measure) if counts.now else None,
        )
        for measure, counts in analysis.figures.items()
    ]
    return [*found, *_shares(analysis)]


def _note(measure: Measure, counts: Counts) -> str:
    if measure is Measure.REGISTERED:
        return gettext("按现在登记的居民")
    before, change = words.number_text(counts.before), words.change_text(counts.now, counts.before)
    return gettext("上期 %(before)s，变化 %(change)s", before=before, change=change)


def _shares(analysis: Analysis) -> Iterable[Figure]:
    """Rates of a whole: kept of due, signed of residents and of the population, renewed of those
    whose term was over.
    """
    now = {measure: counts.now for measure, counts in analysis.figures.items()}
    signed = now.get(Measure.IN_FORCE)
    if Measure.DUE in now:
        yield _share(
            gettext("履约率"), now[Measure.KEPT], now[Measure.DUE], gettext("按时做 / 应做")
        )
    if Measure.REGISTERED in now:
        registered = now[Measure.REGISTERED]
        yield _share(gettext("签约率"), signed, registered, gettext("期末在签 / 登记居民"))
        if not analysis.village:
            people = analysis.place.population
            note = gettext("常住人口 %(count)s", count=f"{people:,}")
            yield _share(gettext("占常住人口"), signed, people, note)
    reasons = analysis.table(TableCode.REASONS)
    if reasons:
        renewed, lost = (reasons.counts(key, Measure.ENDED) for key in ("renewed", "expired"))
        for counts, label in ((renewed, gettext("已续签")), (lost, gettext("到期未续"))):
            note = _note(Measure.ENDED, counts)
            yield Figure(label, words.number_text(counts.now), note)
        both = None if renewed.now is None or lost.now is None else renewed.now + lost.now
        yield _share(gettext("续签率"), renewed.now, both, gettext("已续签 / 已到期"))


def _share(label: str, part: int | None, whole: int | None, note: str) -> Figure:
    share = words.rate(part, whole)
    return Figure(label, "—" if share is None else f"{share}%", note)
