"""What reports and points are called on the screens, and a report's figures as lines of a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.messages import N_
from family_doctor.figures import OF
from family_doctor.schemas import Counted, FigureCode, PointOf, ReportKind, ReportView
from family_doctor.schemas.reports import ReportBase

KINDS = {ReportKind.WEEK: N_("周报"), ReportKind.MONTH: N_("月报")}
FIGURES = {
    FigureCode.SIGNED: N_("新签份数"),
    FigureCode.RENEWED: N_("续签份数"),
    FigureCode.ENDED: N_("到期和解约"),
    FigureCode.SERVICES: N_("服务次数"),
    FigureCode.FOLLOW_UPS: N_("随访次数"),
    FigureCode.IN_TIME: N_("按期随访"),
    FigureCode.LATE: N_("逾期完成的服务"),
    FigureCode.CONFIRMED: N_("居民确认的服务"),
    FigureCode.DISPUTED: N_("居民有异议的服务"),
    FigureCode.RATED: N_("居民评价的服务"),
    FigureCode.ANSWERED: N_("答复的签约申请"),
    FigureCode.DISPUTES_ANSWERED: N_("答复的签约异议"),
    FigureCode.EMERGENCIES: N_("处置的紧急情况"),
    FigureCode.DUE: N_("应做的服务"),
    FigureCode.KEPT: N_("应做里面已做的"),
    FigureCode.KEPT_CONFIRMED: N_("已做里面居民确认的"),
}
# What each figure is made of, as the report itself says it.
MEANINGS = {
    FigureCode.SIGNED: N_("这段时间双方签完字的新签、换团队和换服务包。"),
    FigureCode.RENEWED: N_("这段时间双方签完字的续签。"),
    FigureCode.ENDED: N_("这段时间到期没有续签的，和解约的。"),
    FigureCode.SERVICES: N_("这段时间做的、登记在系统里的服务。"),
    FigureCode.FOLLOW_UPS: N_("服务里面填了随访表的。"),
    FigureCode.IN_TIME: N_("随访里面对应的计划没有过期限的。计划以外的随访不算按期也不算逾期。"),
    FigureCode.LATE: N_("做的时候，对应的计划已经过了期限的服务。"),
    FigureCode.CONFIRMED: N_("居民这段时间在手机上确认属实的服务。"),
    FigureCode.DISPUTED: N_("居民这段时间提出异议的服务。"),
    FigureCode.RATED: N_("居民这段时间评了星的服务。不到 5 份评价时不显示满意度，以免看出是谁。"),
    FigureCode.ANSWERED: N_("这段时间答复的申请；时间从申请到答复，取平均。"),
    FigureCode.DISPUTES_ANSWERED: N_("这段时间答复的异议；时间从提出到答复，取平均。"),
    FigureCode.EMERGENCIES: N_("这段时间有人处置的紧急情况；时间从发现到处置，取平均。"),
    FigureCode.DUE: N_("这段时间到期的服务，说明了原因不做的不算。"),
    FigureCode.KEPT: N_("应做里面，到期末已经做了的。"),
    FigureCode.KEPT_CONFIRMED: N_("已做里面，到期末居民确认属实的。"),
}
POINTS = {
    PointOf.SIGNED: N_("新签份数"),
    PointOf.RENEWED: N_("续签份数"),
    PointOf.ITEM: N_("服务项目"),
    PointOf.SERVICE: N_("其他服务"),
    PointOf.IN_TIME: N_("按期随访另加"),
    PointOf.LATE: N_("逾期完成扣分"),
    PointOf.DISPUTED: N_("居民异议扣分"),
}
RATINGS = {
    "served_index": N_("履约指数"),
    "in_time": N_("随访按期率"),
    "satisfaction": N_("居民满意度"),
    "stars": N_("平均星级"),
    "confirmation": N_("确认率"),
    "answered": N_("申请答复用时"),
    "disputes_answered": N_("异议答复用时"),
    "emergencies": N_("紧急情况处置用时"),
    "points": N_("绩效积分"),
}
RECORD_STATES = {
    "recorded": (N_("已登记"), "calm"),
    "confirmed": (N_("居民已确认"), "good"),
    "disputed": (N_("居民有异议"), "warn"),
}
# The box that a line of the trend is drawn in.
WIDTH, HEIGHT, EDGE = 120, 28, 3


@dataclass(frozen=True, slots=True)
class Line:
    """A figure of a report: its value now and before (numbers, shares or seconds by ``unit``), the
    counts that it is made of, and its course.
    """

    name: str
    unit: str
    now: float | None
    before: float | None
    parts: Sequence[tuple[FigureCode, int]]
    course: Sequence[float | None]

    @property
    def points(self) -> str:
        """The course as the points of an SVG line; nothing where there is no line to draw."""
        return spark(self.course)


def spark(course: Sequence[float | None]) -> str:
    """Points of an SVG polyline from left to right; periods without a value are left out."""
    known = [(place, value) for place, value in enumerate(course) if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    step = (WIDTH - 2 * EDGE) / (len(course) - 1)
    scale = (HEIGHT - 2 * EDGE) / (high - low) if high > low else 0
    level = EDGE if high > low else HEIGHT / 2
    return " ".join(
        f"{EDGE + place * step:.1f},{level + (high - value) * scale:.1f}" for place, value in known
    )


def lines(report: ReportView) -> list[Line]:
    """The figures of a report, in the order in which they are read."""
    found = [_count(report, code) for code in (FigureCode.SIGNED, FigureCode.RENEWED)]
    found += [_count(report, code) for code in (FigureCode.ENDED, FigureCode.SERVICES)]
    found += [_count(report, code) for code in (FigureCode.FOLLOW_UPS, FigureCode.LATE)]
    found.append(_share(report, "in_time", lambda each: each.in_time_share, FigureCode.IN_TIME))
    found += [
        _time(report, code)
        for code in (
            FigureCode.ANSWERED,
            FigureCode.DISPUTES_ANSWERED,
            FigureCode.EMERGENCIES,
        )
        if code in report.figures
    ]
    owed = (FigureCode.DUE, FigureCode.KEPT, FigureCode.KEPT_CONFIRMED)
    found.append(_share(report, "served_index", lambda each: each.served_index, *owed))
    said = (FigureCode.CONFIRMED, FigureCode.DISPUTED)
    found.append(_share(report, "confirmation", lambda each: each.confirmation, *said))
    rated = FigureCode.RATED
    found.append(_share(report, "satisfaction", lambda each: each.satisfaction, rated))
    stars = RATINGS["stars"]
    found.append(_line(report, stars, "stars", lambda each: each.mean_stars, (rated,)))
    return found


def points_line(report: ReportView) -> Line:
    """The points with their course."""
    return _line(report, RATINGS["points"], "number", lambda each: each.total, ())


def _count(report: ReportView, code: FigureCode) -> Line:
    def read(each: ReportBase) -> float | None:
        return each.figures[code].count if code in each.figures else None

    return _line(report, FIGURES[code], "number", read, (code,))


def _share(
    report: ReportView,
    name: str,
    read: Callable[[ReportBase], float | None],
    *parts: FigureCode,
) -> Line:
    return _line(report, RATINGS[name], "percent", read, parts)


def _time(report: ReportView, code: FigureCode) -> Line:
    def read(each: ReportBase) -> float | None:
        return each.figures[code].seconds if code in each.figures else None

    return _line(report, RATINGS[code], "duration", read, (code,))


def _line(
    report: ReportView,
    name: str,
    unit: str,
    read: Callable[[ReportBase], float | None],
    codes: Sequence[FigureCode],
) -> Line:
    before = [each for each in report.trend if each.starts_on < report.starts_on]
    course = [*(read(each) for each in before), read(report)]
    # A report from before a figure was counted has none of it.
    parts = [(code, report.figures[code].count) for code in codes if code in report.figures]
    return Line(name, unit, course[-1], course[-2] if before else None, parts, course)


def counted(code: FigureCode) -> Counted:
    """What the rows behind a figure are."""
    return OF[code]
