"""The door of the directory."""

from directory.divisions import division_path, division_prefix
from directory.queries import (
    contains,
    find_staff_of_account,
    get_department,
    get_division,
    get_institution,
    get_team,
    institution_facts,
    list_departments,
    list_divisions,
    list_institutions,
    list_staff,
    list_team_members,
    list_teams,
    region_unit,
    teams_by_id,
    teams_of_account,
    unit_path,
)

__all__ = [
    "contains",
    "division_path",
    "division_prefix",
    "find_staff_of_account",
    "get_department",
    "get_division",
    "get_institution",
    "get_team",
    "institution_facts",
    "list_departments",
    "list_divisions",
    "list_institutions",
    "list_staff",
    "list_team_members",
    "list_teams",
    "region_unit",
    "teams_by_id",
    "teams_of_account",
    "unit_path",
]
