"""How many other people one account books for: families are small, scalpers' lists are not."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Row, Select, func, select
from sqlalchemy.orm import Session

from appointments.queries.bookings import BOOKING
from appointments.queries.waits import OPEN, WAIT
from appointments.schemas import BookSlot, JoinWait, Source, Waiting
from appointments.services.places import patient_lock
from core import clock
from core.access import Actor
from core.errors import Conflict
from core.messages import N_

WITHIN = timedelta(days=365)
# A wait that may bring a place, or has brought one.
WAITED = (*OPEN, Waiting.TAKEN, Waiting.LAPSED)


def limit_proxies(
    session: Session, actor: Actor, wishes: Sequence[tuple[Row[Any], BookSlot | JoinWait]]
) -> None:
    """Let the account book or wait for people it booked for within a year at the same institution,
    or waits for now, and for others while there are fewer than its ``proxies_limit``. Ended
    bookings count: to book and cancel for many is what the limit is against.

    Whoever calls holds the patients' locks and no slot; the account's lock lies between, so that
    two requests of one account are counted one after the other. Raises Conflict ``proxies_limit``.
    """
    if not wishes:
        return
    session.execute(select(func.pg_advisory_xact_lock(patient_lock(actor.account_id))))
    institutions = {wanted.institution_id for wanted, _ in wishes}
    booked = _of_account(BOOKING, actor, institutions).where(BOOKING.c.source == Source.FAMILY)
    # A place that was offered is a booking of this account's, whatever became of it.
    waited = _of_account(WAIT, actor, institutions).where(WAIT.c.state.in_(WAITED))
    known: dict[UUID, set[UUID]] = {}
    for institution_id, person_id in session.execute(booked.union(waited)):
        known.setdefault(institution_id, set()).add(person_id)
    for wanted, wish in wishes:
        people = known.setdefault(wanted.institution_id, set())
        if wish.person_id not in people and len(people) >= wanted.proxies_limit:
            raise Conflict(
                "proxies_limit",
                N_(
                    "一个账号一年内在一家医院最多为 %(limit)s 位家人预约，已到上限，"
                    "不能再为%(name)s预约。"
                ),
                limit=wanted.proxies_limit,
                name=wanted.person_name,
            )
        people.add(wish.person_id)


def _of_account(table: FromClause, actor: Actor, institutions: Collection[UUID]) -> Select[Any]:
    """For whom else the account has a row of this table, by institution, within the year."""
    return select(table.c.institution_id, table.c.person_id).where(
        table.c.account_id == actor.account_id,
        table.c.institution_id.in_(institutions),
        table.c.created_at > clock.now() - WITHIN,
        table.c.person_id != actor.person_id,
    )
