"""Recoveries as staff see them, scoped to the institutions they work for."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from auth.models import Account, FactorReset, RecoveryCase
from auth.organisation import Unit, UnitKind, organisation
from auth.queries.accounts import SUBJECT, holder
from auth.recovery import OPEN, State
from auth.schemas import FactorResetView, RecoveryAction, RecoverySearch, RecoveryView
from core.access import NOBODY, Actor, Resource, Role, decide, require
from core.errors import NotFound
from core.masking import masked_phone
from core.models import ChangeRecord
from core.paging import Page, read_page
from core.searching import any_contains

DESK_ROLES = (Role.REGISTRAR, Role.ADMINISTRATOR)
# Who sees the cases: security administrators weigh objections.
READERS = (*DESK_ROLES, Role.SECURITY)


# What somebody else has to say next.
DECISIONS = {State.BEGUN: RecoveryAction.CONFIRM, State.CONTESTED: RecoveryAction.REVIEW}


def own_institutions(session: Session, actor: Actor) -> list[Unit]:
    """Where the actor can see papers: the institutions they hold a role on, by name."""
    units = organisation().units_by_code(session, actor.units(*DESK_ROLES)).values()
    found = [unit for unit in units if unit.kind is UnitKind.INSTITUTION]
    return sorted(found, key=lambda unit: unit.name)


def in_one_hand(session: Session, one: UUID, others: Collection[UUID]) -> frozenset[UUID]:
    """Those of ``others`` whose holder may be the one of ``one``: the same identity card was seen
    for both, or either gave the other its password, at its opening or later, and so could be the
    first to sign in with it.
    """
    opened = (ChangeRecord.version == 1) & ChangeRecord.changes.has_key("username")
    reset = ChangeRecord.changes.has_key("initial_password")
    mine = select(Account.human_index).where(Account.id == one).scalar_subquery()
    same = select(Account.id).where(Account.id.in_(others), Account.human_index == mine)
    given = select(ChangeRecord.subject_id, ChangeRecord.account_id).where(
        ChangeRecord.subject_type == SUBJECT,
        opened | reset,
        or_(
            (ChangeRecord.subject_id == one) & ChangeRecord.account_id.in_(others),
            ChangeRecord.subject_id.in_(others) & (ChangeRecord.account_id == one),
        ),
    )
    by_password = {id_ for row in session.execute(given) for id_ in row if id_ != one}
    return frozenset(by_password | set(session.scalars(same)))


def find_reset(session: Session, account_id: UUID) -> FactorReset | None:
    """The reset of an account's second factors that is under way."""
    query = select(FactorReset).where(
        FactorReset.account_id == account_id, FactorReset.ended_at.is_(None)
    )
    return session.scalar(query)


def reset_view(session: Session, actor: Actor, reset: FactorReset) -> FactorResetView:
    """It, as security administrators see it. The caller has asked the policy."""
    second = reset.confirmed_by is None and reset.begun_by != actor.account_id
    return FactorResetView(
        begun_by=reset.begun_by_name,
        confirmed_by=reset.confirmed_by_name,
        created_at=reset.created_at,
        effective_at=reset.effective_at,
        may_confirm=second and not in_one_hand(session, actor.account_id, [reset.begun_by]),
    )


def case_resource(
    account: Account,
    unit: Unit,
    begun_by: UUID = NOBODY,
    confirmed_by: UUID | None = None,
    *,
    one_hand: bool = False,
) -> Resource:
    """A recovery as the policy sees it; ``one_hand`` tells what ``in_one_hand`` found."""
    more = {
        "holder": holder(account.id),
        "begun_by": holder(begun_by),
        "confirmed_by": holder(confirmed_by or NOBODY),
        "one_hand": one_hand,
    }
    return Resource("RecoveryCase", str(account.id), account.person_id, unit.path, more)


def may_begin(session: Session, actor: Actor) -> None:
    """Whether the actor could begin a recovery for anybody, asked before papers are typed in.

    Raises Denied, or StepUpRequired.
    """
    units = tuple(sorted(actor.units(*DESK_ROLES)))
    nobody = {"holder": holder(), "begun_by": holder(), "confirmed_by": holder()}
    more = {**nobody, "one_hand": False}
    require(
        session, actor, RecoveryAction.BEGIN, Resource("RecoveryCase", "new", None, units, more)
    )


def list_recoveries(session: Session, actor: Actor, search: RecoverySearch) -> Page[RecoveryView]:
    """Recoveries within the actor's units, newest first."""
    scope = actor.units(*READERS)
    desk = Resource("Desk", "own", units=tuple(sorted(scope)))
    require(session, actor, RecoveryAction.LIST, desk)
    order: list[Any] = [RecoveryCase.created_at, RecoveryCase.id]
    wanted = RecoveryCase.state.not_in(OPEN) if search.closed else RecoveryCase.state.in_(OPEN)
    query = (
        select(RecoveryCase, Account, *order)
        .join(Account, Account.id == RecoveryCase.account_id)
        .where(wanted, organisation().units_within(RecoveryCase.unit, scope))
    )
    if search.search:
        said = (Account.display_name, RecoveryCase.unit_name, RecoveryCase.begun_by_name)
        query = query.where(any_contains(search.search, *said))
    rows, following = read_page(session, query, order, search, descending=True)
    units = organisation().units_by_code(session, {row[0].unit for row in rows})
    hands = {id_ for row in rows for id_ in _hands(row[0])}
    hand = in_one_hand(session, actor.account_id, hands)
    items = [_view(actor, row[0], row[1], units.get(row[0].unit), hand) for row in rows]
    return Page(items=items, next_cursor=following)


def get_recovery(session: Session, actor: Actor, case_id: UUID) -> RecoveryView:
    """One recovery. Raises NotFound or Denied."""
    case, account, unit = load_case(session, case_id)
    require(session, actor, RecoveryAction.LIST, Resource("Desk", "own", units=unit.path))
    hand = in_one_hand(session, actor.account_id, _hands(case))
    return _view(actor, case, account, unit, hand)


def load_case(session: Session, case_id: UUID) -> tuple[RecoveryCase, Account, Unit]:
    """The rows, and where it is. Raises NotFound."""
    case = session.get(RecoveryCase, case_id)
    unit = organisation().units_by_code(session, [case.unit]).get(case.unit) if case else None
    if case is None or unit is None:
        raise NotFound()
    return case, session.get_one(Account, case.account_id), unit


def _hands(case: RecoveryCase) -> set[UUID]:
    """Who has stood for it so far."""
    return {case.begun_by, *([case.confirmed_by] if case.confirmed_by else [])}


def _view(
    actor: Actor,
    case: RecoveryCase,
    account: Account,
    unit: Unit | None,
    in_hand: Collection[UUID],
) -> RecoveryView:
    may = False
    action = DECISIONS.get(State(case.state))
    if unit is not None and action is not None:
        one_hand = bool(_hands(case) & set(in_hand))
        resource = case_resource(account, unit, case.begun_by, case.confirmed_by, one_hand=one_hand)
        may = decide(actor, action, resource)[0]
    return RecoveryView(
        id=case.id,
        name=account.display_name,
        unit_name=case.unit_name,
        masked_phone=masked_phone(case.new_phone),
        state=State(case.state),
        begun_by=case.begun_by_name,
        confirmed_by=case.confirmed_by_name,
        reviewed_by=case.reviewed_by_name,
        created_at=case.created_at,
        effective_at=case.effective_at,
        ended_at=case.ended_at,
        may_confirm=may and action is RecoveryAction.CONFIRM,
        may_review=may and action is RecoveryAction.REVIEW,
    )
