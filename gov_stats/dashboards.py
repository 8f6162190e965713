"""What each dashboard shows: its figures, its map, its trend and its structure, by indicator."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.messages import N_
from gov_stats.measures import KEY_GROUPS
from gov_stats.schemas import Tab

CONTRACT_RATES = tuple(f"PR05-{group}" for group in KEY_GROUPS)
RESIDENTS = tuple(f"PT01-{group}" for group in KEY_GROUPS)


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of a dashboard; titles are catalogue keys that say what the picture tells. With
    ``houses`` the referrals of each institution are listed too.
    """

    label: str
    title: str
    figures: Sequence[str]
    map: str
    trend: Sequence[str]
    trend_title: str
    structure: Sequence[str]
    structure_title: str
    houses: bool = False

    @property
    def codes(self) -> set[str]:
        """All indicators needed to draw it."""
        return {*self.figures, self.map, *self.trend, *self.structure}


LAYOUTS = {
    Tab.OVERVIEW: Layout(
        label=N_("总览"),
        title=N_("卫生健康总览"),
        figures=("PT01", "PR05", "PR05K", "PR06", "PT03", "PT06"),
        map="PR05",
        trend=("PR05", "PR05K"),
        trend_title=N_("签约率与重点人群签约率，近 12 个月"),
        structure=RESIDENTS,
        structure_title=N_("登记居民中的重点人群（一人可属多个人群）"),
    ),
    Tab.PRIMARY_CARE: Layout(
        label=N_("基层医疗"),
        title=N_("家庭医生签约与履约"),
        figures=("PR05", "PR05K", "PR06", "PT07", "PT02", "PT01"),
        map="PR06",
        trend=("PR05", "PR06"),
        trend_title=N_("签约率与履约指数，近 12 个月"),
        structure=CONTRACT_RATES,
        structure_title=N_("各重点人群的签约率"),
    ),
    Tab.RESOURCES: Layout(
        label=N_("人力与床位"),
        title=N_("人力、床位与机构"),
        figures=("HR01", "HR02", "HR04", "MR01", "PT13", "IN01"),
        map="MR01",
        trend=("HR01", "HR02"),
        trend_title=N_("每千人口医师与护士，近 12 个月"),
        structure=("IN02", "IN03", "IN04"),
        structure_title=N_("医疗卫生机构按类别计数"),
    ),
    Tab.APPOINTMENTS: Layout(
        label=N_("预约就诊"),
        title=N_("预约与取消"),
        figures=("PT03", "PT12", "PT14", "PT04", "PT11", "PT01"),
        map="PT03",
        trend=("PT03", "PT12"),
        trend_title=N_("预约量与有效预约，近 12 个月"),
        structure=("PT12", "PT14"),
        structure_title=N_("本月预约的去向"),
    ),
    Tab.GRADED_DIAGNOSIS: Layout(
        label=N_("分级诊疗"),
        title=N_("双向转诊"),
        figures=("GD04", "GD06", "PT17", "PT18", "PT19", "PT20"),
        map="GD04",
        trend=("PT17", "PT18"),
        trend_title=N_("上转与下转，近 12 个月"),
        structure=("PT21", "PT22", "PT23"),
        structure_title=N_("本月上转的答复"),
        houses=True,
    ),
    Tab.SERVICE_PACKS: Layout(
        label=N_("服务包"),
        title=N_("服务包订单与服务"),
        figures=("PT05", "PT06", "PT10", "PT08", "PT07", "PT09"),
        map="PT05",
        trend=("PT05", "PT08"),
        trend_title=N_("订单与服务记录，近 12 个月"),
        structure=("PT08", "PT15", "PT16"),
        structure_title=N_("本月服务记录的确认情况"),
    ),
}
