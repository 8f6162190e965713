"""Two questions after a confirmed service: how satisfied, and a word to it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict
from core.messages import N_
from service_packs.models import Rating, ServiceRecord
from service_packs.queries.ratings import rated_record
from service_packs.queries.records import require_record
from service_packs.schemas import Action, RateRecord, RecordState, RecordView


def rate_record(session: Session, actor: Actor, record_id: UUID, command: RateRecord) -> RecordView:
    """Say how satisfied one is, once; said again alike it is the same.

    Raises NotFound, Denied, Conflict ``not_confirmed`` or ``already_rated``.
    """
    require_record(session, actor, record_id, Action.ANSWER_RECORD)
    record = session.get_one(ServiceRecord, record_id)
    if record.state != RecordState.CONFIRMED:
        raise Conflict("not_confirmed", N_("请先确认这项服务属实，再评价。"))
    row = insert(Rating).values(
        record_id=record.id,
        team_id=record.team_id,
        staff_id=record.staff_id,
        stars=command.stars,
        word=command.word or None,
        rated_at=clock.now(),
    )
    session.execute(row.on_conflict_do_nothing())
    stars = session.scalar(select(Rating.stars).where(Rating.record_id == record.id))
    if stars != command.stars:
        raise Conflict("already_rated", N_("这项服务您已经评价过，谢谢。"))
    return rated_record(session, record_id)
