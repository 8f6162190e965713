"""Unusual booking is slowed, then asked for a proof, then reviewed by staff.

Each attempt from the public pool, or by oneself from any, is one row, written by the statement that
also counts; what a refusal rolls back is written again in a transaction of its own, so that refused
attempts count.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.events import AccountRested
from appointments.models import Act, ConductCase, ConductRule
from appointments.schemas import BY_THEMSELVES, CaseState, ConductCode, Reason
from appointments.services.refusals import day_and_time
from auth.public import prove_again
from core import clock, database
from core.access import Actor
from core.errors import Conflict, PortalError, TooMany
from core.events import publish
from core.ids import new_id
from core.messages import N_

ATTEMPTS = "appointments.attempts"
ACT = Act.__table__
KEEP = text("""
INSERT INTO appointments_conduct_act (id, account_id, person_id, at, cancel, device)
VALUES (:id, :account, :person, :now, :cancel, :device)
""")
# This attempt and how it stands: a row for each rule with its count, this attempt included. What
# was decided in a review is settled: counting begins anew there.
ATTEMPT = text("""
WITH made AS (
    INSERT INTO appointments_conduct_act (id, account_id, person_id, at, cancel, device)
    VALUES (:id, :account, :person, :now, :cancel, :device)
), known AS (
    SELECT bool_or(state = 'open') AS open, max(decided_at) AS settled_at,
        max(rests_until) FILTER (WHERE rests_until > :now) AS rests_until
    FROM appointments_conduct_case WHERE account_id = :account
), since AS (
    SELECT rule.*, GREATEST(:now - make_interval(secs => rule.window_seconds),
        COALESCE(known.settled_at, '-infinity')) AS begin
    FROM appointments_conduct_rule AS rule, known WHERE rule.enabled
)
SELECT known.open, known.rests_until, since.code, since.slow_at, since.confirm_at,
    since.review_at, since.pause_seconds,
    CASE since.code
    WHEN 'too_fast' THEN (
        SELECT count(*) + 1 FROM appointments_conduct_act AS act
        WHERE act.account_id = :account AND act.at > since.begin AND NOT act.cancel)
    WHEN 'book_cancel' THEN (
        SELECT count(*) FROM appointments_conduct_act AS act
        WHERE act.account_id = :account AND act.at > since.begin AND act.cancel)
    WHEN 'patients_per_account' THEN (
        SELECT count(DISTINCT act.person_id) + 1 FROM appointments_conduct_act AS act
        WHERE act.account_id = :account AND act.at > since.begin AND act.person_id <> :person)
    WHEN 'accounts_per_device' THEN (
        SELECT count(DISTINCT act.account_id) + 1 FROM appointments_conduct_act AS act
        WHERE act.device = :device AND act.at > since.begin AND act.account_id <> :account)
    END AS count,
    (SELECT max(act.at) FROM appointments_conduct_act AS act
     WHERE act.account_id = :account AND NOT act.cancel) AS last_at
FROM known LEFT JOIN since ON true
""")


class UnderReview(Conflict):
    """The account's booking rests; ``opening`` is a review that this attempt led to."""

    default_code = "under_review"
    default_sentence = N_(
        "这个账号的预约有异常，网上预约先暂停，等工作人员核查。可以在“预约核查”里说明情况，"
        "急需就诊请到医院窗口或打电话预约。"
    )
    opening: dict[str, Any] | None = None


class Rests(Conflict):
    """A review was upheld."""

    default_code = "booking_rests"
    default_sentence = N_(
        "经核查，这个账号的网上预约暂停到 %(until)s。急需就诊请到医院窗口或打电话预约。"
    )


def watch(session: Session, actor: Actor, wanted: Row[Any], person_id: UUID) -> None:
    """Count an attempt to book, and answer what is unusual by the rules.

    Raises Conflict ``under_review`` or ``booking_rests``, StepUpRequired, TooMany with the
    seconds to wait.
    """
    now = clock.now()
    act = _act(actor, person_id, now, cancel=False)
    session.info.setdefault(ATTEMPTS, []).append(act)
    rows = session.execute(ATTEMPT, act).all()
    first = rows[0]
    if first.open:
        raise UnderReview()
    if first.rests_until:
        raise Rests(until=day_and_time(first.rests_until))
    unusual = [row for row in rows if row.code and row.count >= row.slow_at]
    if unusual:
        _answer(session, actor, wanted, unusual, now)


def note_lapsed(session: Session, holds: Iterable[Row[Any]]) -> None:
    """Count places that residents held and let go unused as cancellations: they kept them from
    others as those do.
    """
    acts = [
        {
            "id": new_id(),
            "account": hold.account_id,
            "person": hold.person_id,
            "now": clock.now(),
            "cancel": True,
            "device": None,
        }
        for hold in holds
        if hold.source in BY_THEMSELVES and hold.account_id
    ]
    if acts:
        session.execute(KEEP, acts)


def note_cancel(session: Session, actor: Actor, person_id: UUID) -> None:
    """Count a cancellation."""
    session.execute(KEEP, _act(actor, person_id, clock.now(), cancel=True))


def keep_attempts(session: Session, error: BaseException) -> None:
    """After a refusal: what was tried counts all the same, and a review it led to is opened."""
    attempts = session.info.get(ATTEMPTS)
    if not attempts or not isinstance(error, PortalError):
        return
    session.execute(KEEP, attempts)
    if isinstance(error, UnderReview) and error.opening:
        case = insert(ConductCase).values(error.opening)
        # One that is open already has its reasons.
        made = case.on_conflict_do_nothing().returning(ConductCase.id)
        case_id = session.scalar(made)
        if case_id is not None:
            person_id = error.opening["person_id"]
            publish(session, AccountRested(case_id=case_id, person_id=person_id))


def forget_acts(session: Session) -> None:
    """Remove what no rule's window reaches any more."""
    longest = session.scalar(select(func.max(ConductRule.window_seconds))) or 0
    session.execute(
        ACT.delete().where(ACT.c.at < clock.now() - timedelta(seconds=longest))  # type: ignore[attr-defined]
    )


def _answer(
    session: Session, actor: Actor, wanted: Row[Any], unusual: list[Row[Any]], now: datetime
) -> None:
    reviewed = [row for row in unusual if row.count >= row.review_at]
    if reviewed:
        raise _under_review(actor, wanted, reviewed, now)
    if any(row.count >= row.confirm_at for row in unusual):
        # Proved to be a person, one is not slowed.
        prove_again(session, actor)
        return
    pause = max(row.pause_seconds for row in unusual)
    left = pause - int((now - unusual[0].last_at).total_seconds()) if unusual[0].last_at else 0
    if left > 0:
        raise _slowed(left)


def _slowed(seconds: int) -> TooMany:
    return TooMany(
        "slowed",
        N_("预约操作比平常频繁，请等 %(seconds)s 秒再试。号不会因此少，也不用反复点。"),
        retry_after=seconds,
        seconds=seconds,
    )


def _under_review(
    actor: Actor, wanted: Row[Any], reviewed: list[Row[Any]], now: datetime
) -> UnderReview:
    refused = UnderReview()
    reasons = [
        Reason(code=ConductCode(row.code), count=row.count, limit=row.review_at).model_dump()
        for row in reviewed
    ]
    refused.opening = {
        "id": new_id(),
        "account_id": actor.account_id,
        "person_id": actor.person_id,
        "institution_id": wanted.institution_id,
        "institution_name": wanted.institution_name,
        "division_code": wanted.division_code,
        "state": CaseState.OPEN,
        "reasons": reasons,
        "created_at": now,
        "decision": "",
    }
    return refused


def _act(actor: Actor, person_id: UUID, now: datetime, *, cancel: bool) -> dict[str, object]:
    return {
        "id": new_id(),
        "account": actor.account_id,
        "person": person_id,
        "now": now,
        "cancel": cancel,
        "device": actor.device or None,
    }


database.after_rollback(keep_attempts)
