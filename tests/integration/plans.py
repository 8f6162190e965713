"""Whether a statement reads a large table from end to end, as PostgreSQL says it would."""

from collections.abc import Collection, Iterator
from typing import Any

from core.database import transaction

# An index that holds few rows of a table is not the table.
PARTIAL = "SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL"


def whole_tables(
    plan: dict[str, Any], large: Collection[str], partial: Collection[str]
) -> Iterator[str]:
    """The large tables that a plan reads from end to end, by themselves or by an index."""
    by_index = plan["Node Type"] in ("Index Scan", "Index Only Scan") and "Index Cond" not in plan
    whole = plan["Node Type"] == "Seq Scan" or (by_index and plan["Index Name"] not in partial)
    if whole and plan["Relation Name"] in large:
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from whole_tables(part, large, partial)


def read_whole(
    sent: list[str], large: Collection[str], *, random_page_cost: float = 4
) -> dict[str, set[str]]:
    """By statement of those recorded, the large tables that it would read from end to end.

    ``random_page_cost`` is PostgreSQL's setting: 4 is its default, 1.1 usual where a page in memory
    or on flash is read as fast as the next one.
    """
    found: dict[str, set[str]] = {}
    asked = [each for each in sent if any(table in each for table in large)]
    with transaction() as session:
        connection = session.connection().connection.driver_connection
        assert connection
        connection.execute(f"SET LOCAL random_page_cost = {random_page_cost}")
        partial = {name for (name,) in connection.execute(PARTIAL)}
        for statement in asked:
            ((plans,),) = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}").fetchall()
            read = set(whole_tables(plans[0]["Plan"], large, partial))
            if read:
                found[statement] = read
    return found
