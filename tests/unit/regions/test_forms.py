"""The forms of follow-up of Guigang: what the facts ask stands in them, impossible values are
refused, and each emergency that a norm names is found.
"""

from datetime import date, timedelta
from typing import Any

import pytest

from family_doctor.follow_ups import IMPOSSIBLE, assess, check
from family_doctor.schemas.forms import FieldKind, FormDefinition
from family_doctor.schemas.norms import Norm
from family_doctor.schemas.norms import Test as Condition
from regions.pack import RegionPack

# The columns of followup_fields.csv by form, with our name where it is another. Date, doctor, class
# and next date are the record's own; the index of body mass is reckoned from weight and height.
FACTS = {
    "hypertension": "visit_way symptoms sbp dbp weight weight_target height heart_rate other_signs"
    " smoking_per_day smoking_target alcohol_per_day alcohol_target sport_times_week sport_minutes"
    " salt salt_target psych_adjust obey_doctor aux_exam adherence adr adr_text medications"
    " referral_reason referral_org_dept",
    "diabetes": "visit_way symptoms sbp dbp weight height dorsalis_pedis smoking_per_day"
    " alcohol_per_day sport_times_week sport_minutes staple_food_g_per_day psych_adjust obey_doctor"
    " fpg hba1c hba1c_date adherence adr hypoglycemia medications insulin referral_reason"
    " referral_org_dept",
    "severe_mental": "visit_way risk_level symptoms insight sleep diet social housework work study"
    " relations minor_trouble trouble violence self_harm locked hospitalised lab adherence adr"
    " treatment_effect referral_reason referral_org_dept medications rehab",
    "health_check": "symptoms temperature pulse respiration sbp_left dbp_left sbp dbp height weight"
    " waist elderly_self selfcare_score cognition emotion exercise diet smoking_per_day"
    " alcohol_per_day exposure oral vision hearing motor skin heart_lung abdomen limbs other_exam"
    " haemoglobin wbc platelets urine fpg microalbumin fobt hba1c hbsag alt creatinine cholesterol"
    " ecg chest_dr ultrasound smear problems hospital_stays medications vaccines evaluation"
    " guidance",
}
DAY = date(2026, 11, 27)
AGE = {"02": 1, "01": 28}
# Every service that is followed up by a form.
FOLLOWED = {"F01", "F02", "F03", "F04", "F05", "F06", "F07", "F08", "F09", "F10", "F12", "S07"}


def ordinary(form: FormDefinition) -> dict[str, Any]:
    """What a healthy person's form says: numbers of which nobody asks, the first choice."""
    values: dict[str, Any] = {}
    for field in form.fields:
        if field.required and field.kind is FieldKind.CHOICE:
            values[field.name] = field.choices[0].code
        if field.required and field.kind is FieldKind.NUMBER:
            values[field.name] = field.low
    return values | {
        "sbp": 118,
        "dbp": 76,
        "temperature": 36.6,
        "heart_rate": 130,
        "fpg": 5.6,
        "spo2": 97,
    }


def meeting(test: Condition) -> Any:
    """A value of which the test holds."""
    if test.any_of:
        return test.any_of[0]
    return test.at_least if test.at_least is not None else test.at_most


def norms_of(pack: RegionPack) -> list[tuple[Norm, FormDefinition]]:
    forms = {form.code: form for form in pack.forms.forms}
    return [(norm, forms[norm.form]) for norm in pack.norms.norms if norm.form]


def test_each_form_asks_what_the_facts_ask(pack: RegionPack) -> None:
    names = {form.code: {field.name for field in form.fields} for form in pack.forms.forms}
    for code, asked in FACTS.items():
        assert set(asked.split()) <= names[code], code
    assert {norm.item for norm, _ in norms_of(pack)} == FOLLOWED
    for form in pack.forms.forms:
        assert form.provenance, form.code
        assert all(field.label and field.label_en for field in form.fields)


def test_impossible_values_are_refused_and_rare_ones_asked_about(pack: RegionPack) -> None:
    for form in pack.forms.forms:
        for field in form.fields:
            if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
                assert field.name in check(form, {field.name: "nothing_known"}).errors
            if field.kind is not FieldKind.NUMBER:
                continue
            assert field.min is not None
            assert field.max is not None
            assert field.high is not None
            for beyond in (field.min - field.step, field.max + field.step):
                said = check(form, {field.name: beyond}).errors
                assert said[field.name] == IMPOSSIBLE, (form.code, field.name, beyond)
            if field.high < field.max:
                assert field.name in check(form, {field.name: field.max}).unusual


def test_each_emergency_fires_alone_and_refers(pack: RegionPack) -> None:
    for norm, form in norms_of(pack):
        rules = norm.assessment
        assert rules is not None
        age = AGE.get(norm.group, 70)
        fields = {field.name for field in form.fields}
        usual = {name: value for name, value in ordinary(form).items() if name in fields}
        if form.code not in ("child_check", "newborn"):
            usual |= {"heart_rate": 72} if "heart_rate" in fields else {}
        checked = check(form, usual)
        assert not checked.errors, (form.code, checked.errors)
        assert assess(rules, checked.values, age, None, DAY).emergencies == (), norm.code
        for each in rules.emergencies:
            given = check(form, usual | {each.test.field: meeting(each.test)})
            assert each.test.field in given.values, (norm.code, each.name)
            said = assess(rules, given.values, age, None, DAY)
            assert (each.name, each.name_en) in said.emergencies, (norm.code, each.name)
            assert said.referral
            assert said.advice
            assert said.advice_en
            assert said.next_on
            assert said.next_on <= DAY + timedelta(days=14)


@pytest.mark.parametrize(
    ("given", "result"),
    [({}, "controlled"), ({"mmrc": 2}, "uncontrolled"), ({"adr": "yes"}, "adverse")],
)
def test_copd_is_followed_four_times_a_year(
    pack: RegionPack, given: dict[str, Any], result: str
) -> None:
    ((norm, form),) = ((n, f) for n, f in norms_of(pack) if n.group == "14")
    assert norm.cadence.kind == "per_year"
    assert norm.cadence.times == 4
    usual = {"visit_way": "clinic", "sbp": 118, "dbp": 76, "respiration": 18, "spo2": 96,
             "mmrc": 1, "exacerbations": 0, "adherence": "regular", "adr": "no"}  # fmt: skip
    checked = check(form, usual | given)
    assert not checked.errors
    assert norm.assessment is not None
    assert assess(norm.assessment, checked.values, 70, None, DAY).result == result
