"""Whom a list showed to somebody who searched it: each of them may see that."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Select
from sqlalchemy.sql.selectable import FromClause, Join

# The table of all people, and what rows about one call them.
PEOPLE = "residents_person"
OF = "person_id"


def people_of(query: Select[*tuple[Any, ...]]) -> list[ColumnElement[Any]]:
    """The columns that say whom a list's rows are about: every person that it reads, and every row
    of something that is a person's. None for a list of anything else.
    """
    found = (
        column
        for source in query.get_final_froms()
        for leaf in _leaves(source)
        for column in leaf.c
        if any(isinstance(base, Column) and _names_a_person(base) for base in column.base_columns)
    )
    return [column.label(f"found_{number}") for number, column in enumerate(found)]


def _leaves(source: FromClause) -> Iterator[FromClause]:
    if isinstance(source, Join):
        yield from _leaves(source.left)
        yield from _leaves(source.right)
    else:
        yield source


def _names_a_person(column: Column[Any]) -> bool:
    if column.table.name == PEOPLE:
        return column.name == "id"
    keys = column.foreign_keys if column.name == OF else ()
    return any(key.target_fullname == f"{PEOPLE}.id" for key in keys)
