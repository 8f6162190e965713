"""Reads of the directory: public ones, those of administrators, and the tree of units."""

from directory.queries.finding import (
    division_centres,
    find_departments,
    find_doctors,
    get_doctor,
)
from directory.queries.lookup import (
    contains,
    find_staff_of_account,
    get_department,
    get_division,
    get_institution,
    get_team,
    in_service,
    institution_facts,
    list_departments,
    list_divisions,
    list_institutions,
    list_specialties,
    list_staff,
    list_team_members,
    list_teams,
    teams_by_id,
    teams_of_account,
)
from directory.queries.units import region_unit, unit_path

__all__ = [
    "contains",
    "division_centres",
    "find_departments",
    "find_doctors",
    "find_staff_of_account",
    "get_department",
    "get_division",
    "get_doctor",
    "get_institution",
    "get_team",
    "in_service",
    "institution_facts",
    "list_departments",
    "list_divisions",
    "list_institutions",
    "list_specialties",
    "list_staff",
    "list_team_members",
    "list_teams",
    "region_unit",
    "teams_by_id",
    "teams_of_account",
    "unit_path",
]
