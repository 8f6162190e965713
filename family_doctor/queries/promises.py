"""What counts as a kept promise, in SQL."""

from typing import Any

from sqlalchemy import ColumnElement, Date, and_, cast, func

from core import clock


def kept_in_time(obligation: Any, zone: Any = None) -> ColumnElement[bool]:
    """The condition that an obligation (the class or its table) was done by its last day; one done
    later counts as late. ``zone`` is for a statement that is built once.
    """
    columns = getattr(obligation, "c", obligation)
    done_on = cast(
        func.timezone(zone if zone is not None else clock.zone().key, columns.done_at), Date
    )
    return and_(columns.done_at.is_not(None), done_on <= columns.late_after)
