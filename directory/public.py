"""The door of the directory."""

from directory.divisions import division_path, division_path_of, division_prefix
from directory.ports import provide_coming_bookings
from directory.queries import (
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
    "division_path_of",
    "division_prefix",
    "find_staff_of_account",
    "get_department",
    "get_division",
    "get_institution",
    "get_team",
    "in_service",
    "institution_facts",
    "list_departments",
    "list_divisions",
    "list_institutions",
    "list_staff",
    "list_team_members",
    "list_teams",
    "provide_coming_bookings",
    "region_unit",
    "teams_by_id",
    "teams_of_account",
    "unit_path",
]
