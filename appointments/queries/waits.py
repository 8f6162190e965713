"""Who waits for a full session, as they may see it and in the order of being offered a place."""

from collections.abc import Collection, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, not_, or_, select, tuple_
from sqlalchemy.orm import Session

from appointments.models import Booking, ClinicSession, Rule, Suspension, Wait
from appointments.queries.bookings import LIVE, circle_of, own_people, units_of
from appointments.queries.offers import CLINIC, CLINIC_COLUMNS, SLOT, SLOTS, clinic_named, slot_view
from appointments.schemas import (
    SlotState,
    SlotView,
    State,
    WaitAction,
    Waiting,
    WaitQuery,
    WaitView,
    When,
)
from core import clock
from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, read_page
from directory.public import in_service
from residents.public import acting

WAIT = Wait.__table__
BEFORE = Wait.__table__.alias("before")
BOOKING = Booking.__table__
RULE = Rule.__table__
SUSPENSION = Suspension.__table__
# What may still bring a place.
OPEN = (Waiting.WAITING, Waiting.OFFERED)
AHEAD = (
    select(func.count())
    .select_from(BEFORE)
    .where(
        BEFORE.c.session_id == WAIT.c.session_id,
        BEFORE.c.state == Waiting.WAITING,
        tuple_(BEFORE.c.priority, BEFORE.c.created_at, BEFORE.c.id)
        < tuple_(WAIT.c.priority, WAIT.c.created_at, WAIT.c.id),
    )
    .correlate(WAIT)
    .scalar_subquery()
)
BY_TIME: list[ColumnElement[Any]] = [WAIT.c.created_at, WAIT.c.id]
WAITS = (
    select(
        WAIT.c.session_id,
        WAIT.c.person_id,
        WAIT.c.state,
        WAIT.c.priority,
        WAIT.c.date,
        WAIT.c.division_code,
        WAIT.c.offers_end,
        WAIT.c.booking_id,
        AHEAD.label("ahead"),
        BOOKING.c.held_until,
        RULE.c.quiet_from,
        RULE.c.quiet_until,
        SLOT.c.starts_at,
        SLOT.c.ends_at,
        CLINIC.c.half_day,
        *CLINIC_COLUMNS,
        *BY_TIME,
    )
    .join_from(WAIT, CLINIC, CLINIC.c.id == WAIT.c.session_id)
    .join(RULE, RULE.c.institution_id == WAIT.c.institution_id)
    .outerjoin(BOOKING, BOOKING.c.id == WAIT.c.booking_id)
    .outerjoin(SLOT, SLOT.c.id == BOOKING.c.slot_id)
)


def get_wait(
    session: Session, actor: Actor, wait_id: UUID, action: WaitAction = WaitAction.READ_WAIT
) -> WaitView:
    """One wait, for reading or for what ``action`` says. Raises NotFound or Denied."""
    row = session.execute(WAITS.where(WAIT.c.id == wait_id)).one_or_none()
    if row is None:
        raise NotFound()
    units = units_of(row.institution_id, row.division_code)
    resource = wait_resource(session, actor, row.person_id, wait_id, units)
    require(session, acting_on(actor, resource), action, resource)
    return WaitView.model_validate(row)


def find_wait(session: Session, wait_id: UUID) -> WaitView | None:
    """One wait, for this room's own reactions to its facts; nobody is asking."""
    row = session.execute(WAITS.where(WAIT.c.id == wait_id)).one_or_none()
    return WaitView.model_validate(row) if row else None


def find_wait_of(session: Session, booking_id: UUID) -> WaitView | None:
    """The wait that a place was offered for, likewise."""
    row = session.execute(WAITS.where(WAIT.c.booking_id == booking_id)).one_or_none()
    return WaitView.model_validate(row) if row else None


def list_waits(session: Session, actor: Actor, query: WaitQuery) -> Page[WaitView]:
    """Waits of a person, or of the actor and their family, newest first. Raises Denied."""
    people = [query.person_id] if query.person_id else own_people(session, actor)
    for person_id in people:
        resource = wait_resource(session, actor, person_id, person_id)
        require(session, actor, WaitAction.READ_WAIT, resource)
    if not people:
        return Page(items=[])
    found = WAITS.where(WAIT.c.person_id.in_(people))
    if query.when is not None:
        is_open = WAIT.c.state.in_(OPEN)
        found = found.where(is_open if query.when is When.COMING else not_(is_open))
    if query.search:
        found = found.where(clinic_named(query.search))
    rows, following = read_page(session, found, BY_TIME, query, descending=True)
    return Page(items=[WaitView.model_validate(row) for row in rows], next_cursor=following)


def wait_resource(
    session: Session, actor: Actor, person_id: UUID, about: UUID, units: tuple[str, ...] = ()
) -> Resource:
    """A wait as the policy sees it; a list of a person's waits is asked for under their id."""
    kin = circle_of(session, actor, person_id)["kin"]
    return Resource("Wait", str(about), person_id, units, {"kin": kin})


def acting_on(actor: Actor, wait: Resource) -> Actor:
    """The actor as the audit is to name them, who may act for the one who waits."""
    kin = cast("list[str]", wait.more["kin"])
    return acting(actor, wait.person_id, kin) if wait.person_id else actor


def account_of_wait(session: Session, wait_id: UUID) -> UUID:
    """Who joined."""
    return session.execute(select(Wait.account_id).where(Wait.id == wait_id)).scalar_one()


def session_slots(session: Session, session_id: UUID) -> list[SlotView]:
    """The slots of one session by time. Raises NotFound where there is none."""
    rows = session.execute(SLOTS.where(SLOT.c.session_id == session_id).order_by(SLOT.c.starts_at))
    slots = [slot_view(row) for row in rows]
    if not slots:
        raise NotFound()
    return slots


def waits_help(slots: Sequence[SlotView]) -> bool:
    """Whether a session is full and somebody's place may still come back in time."""
    full = any(slot.state is SlotState.FULL and slot.cancel_until > clock.now() for slot in slots)
    return full and not any(slot.state is SlotState.FREE for slot in slots)


def waiting_among(
    session: Session, session_id: UUID, person_ids: Collection[UUID]
) -> dict[UUID, UUID]:
    """Which of these people wait for a session already, and by which wait."""
    query = select(WAIT.c.person_id, WAIT.c.id).where(
        WAIT.c.session_id == session_id,
        WAIT.c.person_id.in_(person_ids),
        WAIT.c.state.in_(OPEN),
    )
    return {row.person_id: row.id for row in session.execute(query)}


def count_waiting(session: Session, session_id: UUID) -> int:
    """How many wait for a session."""
    query = select(func.count()).select_from(WAIT)
    query = query.where(WAIT.c.session_id == session_id, WAIT.c.state == Waiting.WAITING)
    return session.execute(query).scalar_one()


def standing(session: Session, slot: SlotView, person_id: UUID) -> Row[Any]:
    """What of a patient bears on waiting for a session that ``slot`` is one of."""
    own = WAIT.c.person_id == person_id, WAIT.c.state.in_(OPEN)
    suspended = select(func.max(SUSPENSION.c.until)).where(
        SUSPENSION.c.person_id == person_id,
        SUSPENSION.c.institution_id == slot.institution_id,
        SUSPENSION.c.until > clock.now(),
        SUSPENSION.c.lifted_at.is_(None),
    )
    booked = exists().where(
        BOOKING.c.person_id == person_id,
        BOOKING.c.state != State.CANCELLED,
        BOOKING.c.department_id == slot.department_id,
        BOOKING.c.date == slot.date,
    )
    waiting = select(func.count()).where(*own, WAIT.c.institution_id == slot.institution_id)
    here = select(WAIT.c.id).where(*own, WAIT.c.session_id == slot.session_id)
    limit = select(RULE.c.waitlist_limit).where(RULE.c.institution_id == slot.institution_id)
    query = select(
        suspended.scalar_subquery().label("suspended_until"),
        booked.label("booked"),
        waiting.scalar_subquery().label("waiting"),
        here.scalar_subquery().label("wait_id"),
        limit.scalar_subquery().label("waitlist_limit"),
    )
    return session.execute(query).one()


def next_waiter(session: Session, session_id: UUID, passed: Collection[UUID]) -> Row[Any] | None:
    """Who is offered a place next: the first whose own limits allow it; nobody of a session that
    is stopped or out of service.
    """
    found = _waiters(session_id).where(WAIT.c.id.not_in(passed))
    in_turn = found.order_by(WAIT.c.priority, WAIT.c.created_at, WAIT.c.id).limit(1)
    return session.execute(in_turn).one_or_none()


def can_be_offered(session: Session, session_id: UUID, wait_id: UUID) -> bool:
    """Whether this one may be offered a place of the session now."""
    return session.execute(_waiters(session_id).where(WAIT.c.id == wait_id)).first() is not None


def _waiters(session_id: UUID) -> Select[Any]:
    theirs = BOOKING.c.person_id == WAIT.c.person_id, BOOKING.c.state != State.CANCELLED
    on_day = select(func.count()).where(*theirs, BOOKING.c.date == WAIT.c.date)
    ahead = select(func.count()).where(
        *theirs, BOOKING.c.state.in_(LIVE), BOOKING.c.starts_at > clock.now()
    )
    in_department = exists().where(
        *theirs, BOOKING.c.department_id == WAIT.c.department_id, BOOKING.c.date == WAIT.c.date
    )
    suspended = exists().where(
        SUSPENSION.c.person_id == WAIT.c.person_id,
        SUSPENSION.c.institution_id == WAIT.c.institution_id,
        SUSPENSION.c.until > clock.now(),
        SUSPENSION.c.lifted_at.is_(None),
    )
    return (
        select(WAIT.c.id, WAIT.c.person_id, WAIT.c.account_id)
        .join(CLINIC, CLINIC.c.id == WAIT.c.session_id)
        .join(RULE, RULE.c.institution_id == WAIT.c.institution_id)
        .where(
            WAIT.c.session_id == session_id,
            WAIT.c.state == Waiting.WAITING,
            WAIT.c.offers_end > clock.now(),
            CLINIC.c.stopped_at.is_(None),
            in_service(WAIT.c.institution_id, WAIT.c.department_id, CLINIC.c.staff_id),
            not_(in_department),
            not_(suspended),
            on_day.scalar_subquery() < RULE.c.day_limit,
            ahead.scalar_subquery() < RULE.c.active_limit,
        )
    )


def count_waiters(session: Session, session_id: UUID) -> int:
    """How many may be offered a place of the session now."""
    waiters = _waiters(session_id).subquery()
    return session.execute(select(func.count()).select_from(waiters)).scalar_one()


def rule_of_session(session: Session, session_id: UUID) -> Rule:
    """How the institution of a session takes bookings."""
    query = select(Rule).join(ClinicSession, ClinicSession.institution_id == Rule.institution_id)
    return session.scalars(query.where(ClinicSession.id == session_id)).one()


def place_to_offer(session: Session, session_id: UUID) -> Row[Any] | None:
    """The slot of the next place: one kept for those who wait before a public one, then by time."""
    query: Select[Any] = (
        select(SLOT.c.id, SLOT.c.waitlist, SLOT.c.cancel_until)
        .where(SLOT.c.session_id == session_id, _free_for_waiters())
        .order_by(SLOT.c.waitlist == 0, SLOT.c.starts_at)
        .limit(1)
    )
    return session.execute(query).one_or_none()


def kept_for_waiters(session: Session, session_id: UUID) -> Sequence[Row[Any]]:
    """The slots of a session with places kept for those who wait, in the order of locking, and
    whether it is too late to offer them.
    """
    too_late = (SLOT.c.cancel_until <= clock.now()).label("too_late")
    query = select(SLOT.c.id, SLOT.c.waitlist, too_late)
    kept = query.where(SLOT.c.session_id == session_id, SLOT.c.waitlist > 0)
    return session.execute(kept.order_by(SLOT.c.id)).all()


def public_for_waiters(session: Session, session_id: UUID) -> list[UUID]:
    """The slots of a session with places of the public's that can be offered, in that order."""
    query = select(SLOT.c.id).where(SLOT.c.session_id == session_id, _public_for_waiters())
    return list(session.scalars(query.order_by(SLOT.c.id)))


def sessions_to_offer(session: Session) -> list[UUID]:
    """The sessions with places for those who wait, whether they are kept for them or free since
    the capacity grew or reserved ones were released.
    """
    waiting = exists().where(
        WAIT.c.session_id == SLOT.c.session_id,
        WAIT.c.state == Waiting.WAITING,
        WAIT.c.offers_end > clock.now(),
    )
    kept = select(SLOT.c.session_id).where(SLOT.c.waitlist > 0)
    free = select(SLOT.c.session_id).where(waiting, _free_for_waiters())
    return sorted(set(session.scalars(kept.union(free))))


def sessions_to_close(session: Session) -> list[UUID]:
    """The sessions that somebody waits for in vain: they are stopped, or it is too late."""
    query = (
        select(WAIT.c.session_id)
        .join(CLINIC, CLINIC.c.id == WAIT.c.session_id)
        .where(WAIT.c.state == Waiting.WAITING, in_vain())
        .distinct()
    )
    return sorted(session.scalars(query))


def in_vain() -> ColumnElement[bool]:
    """No more offers come of a wait, which is joined with its session."""
    return or_(WAIT.c.offers_end <= clock.now(), CLINIC.c.stopped_at.is_not(None))


def _free_for_waiters() -> ColumnElement[bool]:
    kept = and_(SLOT.c.cancel_until > clock.now(), SLOT.c.waitlist > 0)
    return or_(kept, _public_for_waiters())


def _public_for_waiters() -> ColumnElement[bool]:
    now = clock.now()
    return and_(
        SLOT.c.cancel_until > now,
        SLOT.c.remaining > 0,
        SLOT.c.opens_at <= now,
        SLOT.c.closes_at > now,
    )
