"""The organisation as the policy sees it: each thing with the units it lies in, nearest first."""

from collections.abc import Collection

from core.access import Resource
from directory.divisions import division_path
from directory.models import Department, Institution, Staff, Team

NEW = "new"


def responsibility(scope: Collection[str]) -> Resource:
    """What an administrator is responsible for, as the owner of lists."""
    return Resource("Responsibility", "own", units=tuple(sorted(scope)))


def institution_resource(row: Institution) -> Resource:
    """``divisions`` lie above it: some things are for those to decide, not for itself."""
    divisions = division_path(row.division_code)
    units = (str(row.id), *divisions)
    more = {"divisions": list(divisions)}
    return Resource("ManagedInstitution", str(row.id), units=units, more=more)


def institution_at(division_code: str) -> Resource:
    """An institution that is to be in a division."""
    divisions = division_path(division_code)
    more = {"divisions": list(divisions)}
    return Resource("ManagedInstitution", NEW, units=divisions, more=more)


def department_resource(row: Department | None, institution: Institution) -> Resource:
    """A department, or None for one that is to be."""
    return _part("ManagedDepartment", row, institution)


def staff_resource(row: Staff | None, institution: Institution) -> Resource:
    """One of the staff, or None for somebody new."""
    return _part("ManagedStaff", row, institution)


def team_resource(row: Team | None, institution: Institution) -> Resource:
    """A team, or None for one that is to be."""
    return _part("ManagedTeam", row, institution)


def _part(kind: str, row: Department | Staff | Team | None, institution: Institution) -> Resource:
    units = (str(institution.id), *division_path(institution.division_code))
    if row is None:
        return Resource(kind, NEW, units=units)
    return Resource(kind, str(row.id), units=(str(row.id), *units))
