"""The pack is whole, and a broken one says what is wrong with it."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import regions.pack
from regions.flaws import PackError
from regions.pack import RegionPack, available_packs, load_english, load_pack

HOME = Path(regions.pack.__file__).parent


def test_packs_are_found_by_their_region_file() -> None:
    assert "guigang" in available_packs()


def test_an_unknown_pack_is_refused_with_those_there_are() -> None:
    with pytest.raises(PackError, match="guigang"):
        load_pack("atlantis")


def test_every_word_for_a_symptom_has_english(pack: RegionPack) -> None:
    known = {symptom.word for symptom in pack.symptoms}
    assert known == {each.word for each in pack.symptom_words}
    english = load_english("guigang")
    assert english.find("发热") == "fever"
    ways = {symptom.specialty_code for symptom in pack.symptoms if symptom.word == "发热"}
    searched = [symptom for symptom in pack.searched() if symptom.word == "high temperature"]
    assert {symptom.specialty_code for symptom in searched} == ways


def test_every_file_is_as_long_as_the_facts(pack: RegionPack) -> None:
    assert [len(pack.divisions), len(pack.villages), len(pack.institutions)] == [80, 1195, 99]
    assert [len(pack.specialties), len(pack.service_items), len(pack.packs)] == [159, 49, 30]
    assert [len(pack.indicators), len(pack.thresholds)] == [109, 13]


def test_holidays_are_the_thirteen_of_the_decree_and_two_of_guangxi(pack: RegionPack) -> None:
    by_year = Counter(holiday.day.year for holiday in pack.holidays)
    assert by_year == {2026: 15, 2027: 15}
    assert [h.day for h in pack.holidays] == sorted(h.day for h in pack.holidays)


def test_made_up_clinics_are_marked(pack: RegionPack) -> None:
    assert {clinic.kind for clinic in pack.clinics} == {"health_check", "vaccination", "admission"}
    assert all(clinic.example and "示例" in clinic.name for clinic in pack.clinics)


def test_counties_and_townships_add_up_to_the_region(pack: RegionPack) -> None:
    counties = [d.population for d in pack.divisions if d.level == "county"]
    assert sum(counties) == pack.residents
    for division in pack.divisions:
        parts = [d.population for d in pack.divisions if d.parent_code == division.code]
        assert not parts or sum(parts) == pytest.approx(division.population, abs=len(parts))


def test_village_segments_follow_the_norm(pack: RegionPack) -> None:
    for village in pack.villages:
        bureau, segment = int(village.code[9:]), int(village.record_code)
        assert segment == (bureau - 100 if village.rural else bureau)
        assert segment in (range(101, 200) if village.rural else range(1, 100))


def test_payers_add_up_and_synthetic_prices_are_their_items(pack: RegionPack) -> None:
    prices = {item.code: item.unit_price_fen for item in pack.service_items}
    for service_pack in pack.packs:
        assert service_pack.payers.total_fen == service_pack.real_price_fen
        if service_pack.example:
            total = sum(prices[item.item] * item.times for item in service_pack.items)
            assert service_pack.list_price_fen == total


def test_the_real_basic_pack_has_its_three_payers(pack: RegionPack) -> None:
    basic = next(p for p in pack.packs if p.tier == "basic")
    payers = basic.payers
    assert (payers.public_health_fen, payers.insurance_fen, payers.person_fen) == (1000, 500, 0)
    assert not basic.example


def test_what_is_made_up_is_marked(pack: RegionPack) -> None:
    marks = [(row.example, row.provenance) for row in pack.institutions]
    marks += [(row.example, row.provenance) for row in pack.packs]
    marks += [(row.example, row.provenance) for row in pack.department_names]
    for example, provenance in marks:
        assert example == bool(re.search("^SYNTHETIC|pattern", provenance, re.IGNORECASE))
    assert all(institution.figures_example for institution in pack.institutions)


@pytest.mark.parametrize(
    ("column", "indicator"), [("beds", "MR01"), ("doctors", "HR01"), ("nurses", "HR02")]
)
def test_institutions_meet_the_targets_per_thousand(
    pack: RegionPack, column: str, indicator: str
) -> None:
    target = next(i.target for i in pack.indicators if i.code == indicator)
    total = sum(getattr(institution, column) for institution in pack.institutions)
    assert total / pack.residents * 1000 == pytest.approx(target, abs=0.01)


def test_every_bookable_institution_opens_departments(pack: RegionPack) -> None:
    for institution in pack.institutions:
        if institution.bookable:
            assert len(pack.departments_of(institution)) >= 4


def test_ages_agree_with_the_measures(pack: RegionPack) -> None:
    def share(low: int, high: int) -> float:
        return sum(b.share for b in pack.ages if low <= b.from_age and b.to_age <= high)

    assert share(0, 6) == pytest.approx(pack.measure("age_0_6"))
    assert share(0, 14) == pytest.approx(pack.measure("age_0_14"))
    assert share(15, 59) == pytest.approx(pack.measure("age_15_59"))
    assert share(60, 120) == pytest.approx(pack.measure("age_60_plus"))
    assert share(65, 120) == pytest.approx(pack.measure("age_65_plus"))


def test_english_names_are_complete_where_shown(pack: RegionPack) -> None:
    opened = {department.specialty_code for department in pack.department_names}
    shown = [s for s in pack.specialties if s.code in opened]
    names = [row.name_en for row in pack.divisions]
    names += [row.name_en for row in pack.groups]
    names += [row.name_en for row in shown]
    names += [row.name_en for row in pack.department_names]
    names += [row.name_en for row in pack.service_items]
    names += [row.name_en for row in pack.packs]
    assert all(name and name.isascii() for name in names)


def test_titles_and_codes_are_in_the_lists(pack: RegionPack) -> None:
    types = {item.code for item in pack.code_list("org_type")}
    levels = {item.code for item in pack.code_list("hospital_level")}
    groups = {item.code for item in pack.code_list("contract_group")}
    assert {i.type_code for i in pack.institutions} <= types
    assert {i.level_code for i in pack.institutions if i.level_code} <= levels
    assert {group.code for group in pack.groups} == groups
    assert pack.code_list("nonsense") == ()


def test_an_unknown_measure_is_a_key_error(pack: RegionPack) -> None:
    with pytest.raises(KeyError):
        pack.measure("nonsense")


def _first_payer_more(text: str) -> str:
    catalogue = json.loads(text)
    catalogue["packs"][0]["payers"]["person_fen"] += 1
    return json.dumps(catalogue)


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        ("packs.json", _first_payer_more, "packs.json: GX-BASIC: payers give 1501 fen"),
        ("packs.json", lambda text: text[:-4], "packs.json: Expecting"),
        ("packs.json", lambda _: "[]", "packs.json: an object is wanted"),
        ("divisions.csv", lambda t: t + t.splitlines()[-1] + "\n", "450881206 stands there more"),
        (
            "divisions.csv",
            lambda t: t.replace("450802001,", "450802999,"),
            "450802001 is not known",
        ),
        ("divisions.csv", lambda t: t.replace(",450802,", ",450899,", 1), "450899 is not known"),
        ("villages.csv", lambda t: t.replace(",003,", ",004,", 1), "450802001004 stands there"),
        ("villages.csv", lambda t: t.replace("450802001003", "45", 1), "villages.csv line 2: code"),
        ("ages.csv", lambda t: t.replace("8.6", "8.5", 1), "add up to 99.9, not 100"),
        ("ages.csv", lambda t: t.replace("7,14", "8,14", 1), "ages.csv: 8 should follow 6"),
        ("groups.csv", lambda t: t.replace("\n01,", "\n77,"), "packs.json: 01 is not known"),
        ("appointment_rules.toml", lambda t: t.replace("0.55", "0.56"), "add up to 1.01, not 1"),
        ("holidays.csv", lambda t: t.replace("05-02,", "05-01,"), "2026-05-01 stands there"),
        ("clinics.csv", lambda t: t.replace("骨科", "脚科"), "450802-A100-01/脚科 is not known"),
        ("region.toml", lambda t: t.replace('"129"', '"138"'), "region.toml: demo_phone_prefix"),
        ("boundaries.geojson", lambda _: "{}", "features with properties.code"),
        ("boundaries.geojson", lambda t: t.replace('"450802"', '"999999"'), "999999 is not known"),
    ],
)
def test_a_broken_pack_says_where(
    tmp_path: Path, file: str, change: Callable[[str], str], told: str
) -> None:
    shutil.copytree(HOME / "guigang", tmp_path / "broken")
    broken = tmp_path / "broken" / file
    broken.write_text(change(broken.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(PackError, match=re.escape(told)):
        load_pack("broken", tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    shutil.copytree(HOME / "guigang", tmp_path / "broken")
    (tmp_path / "broken" / "names.csv").unlink()
    with pytest.raises(PackError, match=r"names\.csv: No such file"):
        load_pack("broken", tmp_path)


def test_the_checklist_of_referrals_is_read_and_says_whence(pack: RegionPack) -> None:
    rules = pack.referral_rules
    assert (rules.answer_hours, rules.remind_hours_before) == (48, 12)
    assert rules.emergency.answer_hours < rules.urgent.answer_hours < rules.answer_hours
    kinds = {kind for each in pack.what_to_bring.items for kind in each.kinds}
    assert {"all", "health_check", "vaccination", "admission", "online"} <= kinds
    urgent = [each for each in rules.criteria if each.urgent]
    assert [each.code for each in urgent] == [f"htn-up-{number}" for number in range(1, 7)]
    for each in rules.criteria:
        assert each.provenance.startswith("read ") != each.estimate, each.code
