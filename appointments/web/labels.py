"""How people look for a department: a few groups in place of the national list of specialties."""

from collections.abc import Iterable

from core.messages import N_
from directory.schemas import DepartmentView

OTHERS = N_("其他科室")
# The first two digits of the specialty's code (诊疗科目名录) in each group, in order of showing.
GROUPS = (
    (N_("全科与预防"), ("01", "02")),
    (N_("内科"), ("03", "16", "17", "19")),
    (N_("外科"), ("04", "27", "28")),
    (N_("妇产科"), ("05", "06")),
    (N_("儿科"), ("07", "08", "09")),
    (N_("五官与皮肤"), ("10", "11", "12", "13", "14")),
    (N_("中医与民族医"), ("50", "51", "52")),
)
_LABELS = tuple(label for label, _ in GROUPS)


def grouped(departments: Iterable[DepartmentView]) -> list[tuple[str, list[DepartmentView]]]:
    """The departments by group, groups without any left out; labels are catalogue keys."""
    of_code = {code: label for label, codes in GROUPS for code in codes}
    groups: dict[str, list[DepartmentView]] = {label: [] for label in (*_LABELS, OTHERS)}
    for department in departments:
        groups[of_code.get(department.specialty_code[:2], OTHERS)].append(department)
    return [(label, members) for label, members in groups.items() if members]
