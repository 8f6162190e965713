"""What the statistics may know: counts and sums by the people's township, no person."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock
from service_packs.models import Order, ServiceRecord
from service_packs.schemas import OrderState, RecordState


def sales_facts(session: Session, start: date, end: date) -> list[tuple[str, int, int]]:
    """(township, orders, their price in fen) of orders paid from ``start`` until before ``end``.

    The price is the whole one, whoever pays it.
    """
    query = (
        select(Order.division_code, func.count(), func.sum(Order.price_fen))
        .where(
            Order.state == OrderState.PAID,
            Order.paid_at >= clock.at(start, 0),
            Order.paid_at < clock.at(end, 0),
        )
        .group_by(Order.division_code)
        .order_by(Order.division_code)
    )
    return [(code, orders, amount) for code, orders, amount in session.execute(query)]


def service_facts(session: Session, start: date, end: date) -> list[tuple[str, int, int, int]]:
    """(township, recorded, confirmed, disputed) of services from ``start`` until before ``end``.

    ``recorded`` counts all of them, whatever was said of them since.
    """
    state = ServiceRecord.state
    query = (
        select(
            ServiceRecord.division_code,
            func.count(),
            func.count().filter(state == RecordState.CONFIRMED),
            func.count().filter(state == RecordState.DISPUTED),
        )
        .where(
            ServiceRecord.performed_at >= clock.at(start, 0),
            ServiceRecord.performed_at < clock.at(end, 0),
        )
        .group_by(ServiceRecord.division_code)
        .order_by(ServiceRecord.division_code)
    )
    return [
        (code, recorded, confirmed, disputed)
        for code, recorded, confirmed, disputed in session.execute(query)
    ]
