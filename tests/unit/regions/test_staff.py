"""Every township has a team, every department a clinic."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regions.pack import RegionPack
from regions.staff import Session, StaffPlan, plan_staff


@pytest.fixture(scope="session")
def plan(pack: RegionPack) -> StaffPlan:
    return plan_staff(pack, seed=1, scale=0.01)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(0.0001, 0.2))
def test_every_township_has_teams_enough(pack: RegionPack, seed: int, scale: float) -> None:
    teams = Counter(team.division_code for team in plan_staff(pack, seed=seed, scale=scale).teams)
    for township in pack.townships:
        count = teams[township.code]
        residents = township.population * scale
        assert count >= 1
        assert residents / count <= pack.contract_rules.residents_per_team
        assert count == 1 or residents / (count - 1) > pack.contract_rules.residents_per_team


def test_a_team_has_a_leader_first_and_each_duty_once(plan: StaffPlan) -> None:
    staff = {member.id: member for member in plan.staff}
    for team in plan.teams:
        duties = [member.duty for member in team.members]
        assert duties[0] == "leader"
        assert len(set(duties)) == len(duties) == 6
        assert {staff[m.staff_id].institution_code for m in team.members} == {team.institution_code}
        assert staff[team.members[0].staff_id].profession == "doctor"
        assert team.capacity <= 2000


def test_teams_share_all_villages(pack: RegionPack, plan: StaffPlan) -> None:
    served = [code for team in plan.teams for code in team.village_codes]
    assert sorted(served) == sorted(village.code for village in pack.villages)
    crowded = plan_staff(pack, scale=0.5)
    assert all(team.village_codes for team in crowded.teams)


def test_nobody_is_in_two_teams_and_ids_are_unique(plan: StaffPlan) -> None:
    members = [member.staff_id for team in plan.teams for member in team.members]
    assert len(set(members)) == len(members)
    assert len({member.id for member in plan.staff}) == len(plan.staff)


def test_titles_are_in_the_code_list_and_staff_is_marked(pack: RegionPack, plan: StaffPlan) -> None:
    titles = {item.name for item in pack.code_list("staff_title")}
    assert {member.title for member in plan.staff} <= titles
    assert all("示例" in member.introduction for member in plan.staff)


def test_every_department_has_general_clinics_all_week(pack: RegionPack, plan: StaffPlan) -> None:
    weeks: dict[tuple[str, str], set[Session]] = defaultdict(set)
    for clinic in plan.clinics:
        if clinic.kind == "general":
            weeks[clinic.institution_code, clinic.department_name] |= set(clinic.sessions)
    for institution in pack.institutions:
        for department in pack.departments_of(institution):
            week = weeks[institution.code, department.name]
            assert len(week) == (10 if institution.bookable else 0)


def test_a_doctor_is_in_one_place_at_a_time_and_experts_by_title(plan: StaffPlan) -> None:
    staff = {member.id: member for member in plan.staff}
    assert len({clinic.doctor_id for clinic in plan.clinics}) == len(plan.clinics)
    for clinic in plan.clinics:
        doctor = staff[clinic.doctor_id]
        assert len(set(clinic.sessions)) == len(clinic.sessions)
        assert doctor.department_name == clinic.department_name
        assert (clinic.kind == "expert") == (doctor.title in {"主任医师", "副主任医师"})


def test_the_same_seed_makes_the_same_staff(pack: RegionPack, plan: StaffPlan) -> None:
    assert plan_staff(pack, seed=1, scale=0.01) == plan
    assert plan_staff(pack, seed=2, scale=0.01) != plan
