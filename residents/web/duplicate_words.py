"""How two records are shown beside each other; the values are catalogue keys."""

from dataclasses import dataclass

from core.messages import N_
from residents.schemas import PAPER_NAMES, PAPERS, IdentifierKind, PairState, Reason, RecordSide

REASONS = {
    Reason.NAME_SAME: N_("姓名相同"),
    Reason.NAME_SIMILAR: N_("姓名相近"),
    Reason.BIRTH_SAME: N_("出生日期相同"),
    Reason.BIRTH_CLOSE: N_("出生日期差一位或日月颠倒"),
    Reason.SEX_SAME: N_("性别相同"),
    Reason.PHONE_SAME: N_("手机号相同"),
    Reason.ID_CLOSE: N_("身份证号只差一两位"),
    Reason.IDENTIFIER_SAME: N_("有同号的其他证件"),
    Reason.NUMBER_SAME: N_("身份证号相同"),
    Reason.HOUSEHOLD_SAME: N_("同一户"),
    Reason.VILLAGE_SAME: N_("同村（社区）"),
    Reason.TOWNSHIP_SAME: N_("同乡镇（街道）"),
}
STATES = {
    PairState.WAITING: (N_("等待判断"), "warn"),
    PairState.LATER: (N_("以后再看"), "calm"),
    PairState.DIFFERENT: (N_("不是同一人"), "info"),
    PairState.MERGED: (N_("已合并"), "good"),
}
EMPTY = {
    PairState.WAITING: (
        N_("没有疑似重复的档案"),
        N_("系统每晚比对一次，相像的两份会出现在这里。"),
    ),
    PairState.LATER: (N_("没有放到以后的"), N_("拿不准的可以先放在这里。")),
    PairState.DIFFERENT: (N_("没有判为两个人的"), N_("判过的不会再提示。")),
    PairState.MERGED: (N_("没有合并过的"), N_("合并过的留在这里，可以撤销。")),
}
KINDS = {
    IdentifierKind.ID_CARD: N_("旧身份证"),
    **{kind: PAPER_NAMES[kind] for kind in PAPERS},
    IdentifierKind.INSURANCE: N_("医保编号"),
    IdentifierKind.HOSPITAL_CARD: N_("就诊卡"),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """A line of the comparison; ``part`` is what of it is chosen, if anything, ``how`` the way to
    show it.
    """

    label: str
    first: object
    second: object
    part: str = ""
    how: str = "text"

    @property
    def differs(self) -> bool:
        """Whether the two say different things."""
        return self.first != self.second


def compared(first: RecordSide, second: RecordSide) -> list[Compared]:
    """What both records say, line by line."""

    def line(label: str, name: str, part: str = "", how: str = "text") -> Compared:
        return Compared(label, getattr(first, name), getattr(second, name), part, how)

    return [
        line(N_("姓名"), "name", "name"),
        line(N_("身份证号"), "id_number", "id_number", "digits"),
        line(N_("性别"), "sex", how="sex"),
        line(N_("出生日期"), "birth_date", how="date"),
        line(N_("手机号"), "phone", "phone", "digits"),
        Compared(N_("住址"), _home(first), _home(second), "home"),
        line(N_("健康档案编码"), "record_number"),
        line(N_("其他证件"), "identifiers", how="papers"),
        line(N_("实名核验"), "verified", how="yes"),
        line(N_("门户账号"), "has_account", how="has"),
        line(N_("建档时间"), "created_at", how="moment"),
        line(N_("名下的记录"), "holds", how="holds"),
    ]


def _home(side: RecordSide) -> str:
    return f"{side.division} {side.village}".strip()
