"""Generic names have English, composed where they are made of others; people and hospitals none."""

import pytest

from regions.english import English
from regions.pack import RegionPack, load_english


@pytest.fixture(scope="module")
def english() -> English:
    return load_english("guigang")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("心血管内科", "Cardiology"),
        ("烧伤科专业", "Burns"),
        ("心血管内科周末门诊", "Cardiology, weekend clinic"),
        ("3 诊室", "Room 3"),
        ("3F 12 诊室", "3F, room 12"),
        ("大圩镇", "Daxu Town"),
        ("大圩镇家庭医生第2队", "Family-doctor team 2, Daxu Town"),
        ("港北区大圩镇中心卫生院", "Central health centre, Daxu Town, Gangbei District"),
        ("港北区贵城社区卫生服务中心", "Community health centre, Guicheng, Gangbei District"),
        ("贵港市人民医院", None),
        ("覃小萍", None),
        ("没有的科周末门诊", None),
        ("", None),
    ],
)
def test_what_is_generic_has_english(english: English, name: str, expected: str | None) -> None:
    assert english.find(name) == expected


def test_every_specialty_department_and_pack_has_english(pack: RegionPack) -> None:
    kinds = (pack.specialties, pack.department_names, pack.packs, pack.service_items)
    without = [each.name for kind in kinds for each in kind if not each.name_en]
    assert without == []


def test_every_example_institution_has_english_and_no_other(
    pack: RegionPack, english: English
) -> None:
    without = {i.name for i in pack.institutions if english.find(i.name) is None}
    assert without == {i.name for i in pack.institutions if not i.example}
