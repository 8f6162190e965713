"""Whoever merges two is told every column of a person, and every rule of one row is respected."""

from apiflask import APIFlask
from sqlalchemy import UniqueConstraint

from core.database import metadata
from residents.holdings import holdings

PERSON = "residents_person"
# The record itself, the account that auth moves, what merging writes, and the audit, which is never
# rewritten.
OTHERWISE = {
    "auth_account.person_id",
    "core_audit_event.person_id",
    "residents_person.merged_into",
    "residents_duplicate.first_id",
    "residents_duplicate.second_id",
    "residents_merge.kept_id",
    "residents_merge.former_id",
}


def test_no_column_of_a_person_is_left_out(app: APIFlask) -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.name == "person_id"
        or any(key.column.table.name == PERSON for key in column.foreign_keys)
    }
    assert columns - {each.name for each in holdings()} == OTHERWISE


def test_what_exists_once_for_a_person_is_said(app: APIFlask) -> None:
    free = {each.name for each in holdings() if each.once_with is None}
    unique = {
        f"{table.name}.person_id"
        for table in metadata.tables.values()
        if "person_id" in table.columns
        and (
            any(index.unique and "person_id" in index.columns for index in table.indexes)
            or "person_id" in table.primary_key.columns
            or any(
                isinstance(rule, UniqueConstraint) and "person_id" in rule.columns
                for rule in table.constraints
            )
        )
    }
    assert unique & free == set()
