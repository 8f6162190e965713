"""Reads of refunds: one's own, of whom one may pay for, and those that staff have to do with."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    cast,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from auth.public import account_cards
from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.waiting import Waiting
from directory.public import division_path, division_prefix, institutions_by_id
from payments.models import Payment, Refund
from payments.schemas import (
    RefundAction,
    RefundRequest,
    RefundSearch,
    RefundState,
    RefundView,
    RefundWay,
)
from residents.public import acting, is_of, people_by_id, representatives_of
from residents.schemas import Scope

STAFF = (Role.ADMINISTRATOR, Role.REGISTRAR)
COPIED = (
    "id", "purpose", "subject_id", "person_id", "institution_id", "amount_fen", "currency", "way",
    "state", "attempt", "failure_code", "created_at", "approved_at", "failed_at", "done_at",
)  # fmt: skip
# What an administrator has to do something about.
TO_DO = (RefundState.DUE, RefundState.FAILED)
NUMBER_LENGTH = 8
REFUND = Refund.__table__.c


def refund_resource(row: Refund, kin: Sequence[str] = ()) -> Resource:
    """A refund as the policy sees it: the person's, of an institution, or of the divisions that the
    person lives in.
    """
    institution = (str(row.institution_id),) if row.institution_id else ()
    units = (*institution, *division_path(row.division_code))
    return Resource("Refund", str(row.id), row.person_id, units, {"kin": list(kin)})


def load_refund(session: Session, actor: Actor, refund_id: UUID, action: RefundAction) -> Refund:
    """The row, for what ``action`` says. Raises NotFound or Denied."""
    row = session.get(Refund, refund_id, populate_existing=True)
    if row is None:
        raise NotFound()
    kin = _kin(session, actor, row.person_id)
    require(session, acting(actor, row.person_id, kin), action, refund_resource(row, kin))
    return row


def get_refund(session: Session, actor: Actor, refund_id: UUID) -> RefundView:
    """One refund, with who approved it and who paid it out. Raises NotFound or Denied."""
    return named(session, [load_refund(session, actor, refund_id, RefundAction.READ)])[0]


def list_refunds(session: Session, actor: Actor, search: RefundSearch) -> Page[RefundView]:
    """The actor's own refunds, a person's for whom they may pay, or those within their units, never
    their own among those; newest first. Raises Denied.
    """
    order: list[Any] = [Refund.created_at, Refund.id]
    query = select(Refund, *order).where(_scope(session, actor, search))
    if search.state:
        query = query.where(Refund.state == search.state)
    if search.search:
        query = query.where(_found_by(search.search))
    rows, following = read_page(session, query, order, search, descending=True)
    return Page(items=named(session, [row[0] for row in rows]), next_cursor=following)


def refunds_of(session: Session, subject_ids: Collection[UUID]) -> dict[UUID, list[RefundView]]:
    """What is given back of these things, the first due first. The caller has asked the policy."""
    if not subject_ids:
        return {}
    query = select(Refund).where(Refund.subject_id.in_(set(subject_ids))).order_by(Refund.id)
    found: dict[UUID, list[RefundView]] = {}
    for view in _placed(session, list(session.scalars(query))):
        found.setdefault(view.subject_id, []).append(view)
    return found


def named(session: Session, rows: Sequence[Refund]) -> list[RefundView]:
    """Rows with the names of people, institutions and who acted, by a statement each."""
    people = people_by_id(session, {row.person_id for row in rows}) if rows else {}
    acted = {row.approved_by for row in rows} | {row.paid_out_by for row in rows}
    cards = account_cards(session, {account for account in acted if account})
    names = {account: card.name for account, card in cards.items()}
    return [
        view.model_copy(
            update={
                "person_name": people[row.person_id].name,
                "approved_by_name": names.get(row.approved_by, "") if row.approved_by else "",
                "paid_out_by_name": names.get(row.paid_out_by, "") if row.paid_out_by else "",
            }
        )
        for row, view in zip(rows, _placed(session, rows), strict=True)
    ]


def find_request(session: Session, refund_id: UUID) -> RefundRequest | None:
    """For jobs: what to ask the provider for; None where nothing is on its way there."""
    query = (
        select(Refund, Payment.provider_reference)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.id == refund_id, on_its_way(), Payment.provider_reference.is_not(None))
    )
    row = session.execute(query, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        return None
    refund: Refund = row[0]
    return RefundRequest(
        refund_id=refund.id,
        attempt=refund.attempt,
        reference=row[1],
        made=refund.provider_reference,
        amount_fen=refund.amount_fen,
        currency=refund.currency,
    )


def on_its_way() -> ColumnElement[bool]:
    """The condition that the provider is to give a refund."""
    return (Refund.state == RefundState.SENT) & (Refund.way == RefundWay.PROVIDER)


def waiting(actor: Actor) -> Waiting:
    """How many refunds within the actor's units wait for them: due or failed for administrators,
    ready at the desk for registrars.
    """
    if not actor.units(*STAFF):
        return Waiting()
    theirs = [
        REFUND.state.in_(TO_DO) & within(actor.units(Role.ADMINISTRATOR)),
        (REFUND.state == RefundState.SENT)
        & (REFUND.way == RefundWay.DESK)
        & within(actor.units(Role.REGISTRAR)),
    ]
    found = select(func.count()).where(or_(*theirs), _not_own(actor))
    return Waiting({"payments_refunds.listing": found.scalar_subquery()})


def within(scope: Collection[str]) -> ColumnElement[bool]:
    """The condition that a refund lies in one of these units: institutions by id, divisions by
    their prefix.
    """
    institutions = [UUID(unit) for unit in scope if not unit.isdigit()]
    prefixes = [division_prefix(unit) for unit in sorted(scope) if unit.isdigit()]
    places = [REFUND.division_code.startswith(prefix) for prefix in prefixes]
    return or_(false(), REFUND.institution_id.in_(institutions), *places)


def refund_number(subject_id: UUID) -> str:
    """What people call it by: the number of the order, as the provider shows it too."""
    return subject_id.hex[-NUMBER_LENGTH:].upper()


def _found_by(text: str) -> ColumnElement[bool]:
    digits = func.replace(cast(Refund.subject_id, Text), "-", "")
    return is_of(Refund.person_id, text) | (func.right(digits, NUMBER_LENGTH) == text.lower())


def _placed(session: Session, rows: Sequence[Refund]) -> list[RefundView]:
    places = {row.institution_id for row in rows if row.institution_id}
    institutions = institutions_by_id(session, places) if places else {}
    return [
        RefundView.model_validate(
            {
                **{name: getattr(row, name) for name in COPIED},
                "number": refund_number(row.subject_id),
                "institution_name": (
                    institutions[row.institution_id].name if row.institution_id else ""
                ),
            }
        )
        for row in rows
    ]


def _kin(session: Session, actor: Actor, person_id: UUID) -> list[str]:
    if actor.person_id in (None, person_id):
        return []
    return sorted(map(str, representatives_of(session, person_id, Scope.PAY)))


def _not_own(actor: Actor) -> ColumnElement[bool]:
    return REFUND.person_id != actor.person_id if actor.person_id else true()


def _scope(session: Session, actor: Actor, search: RefundSearch) -> ColumnElement[bool]:
    if search.of_staff:
        scope = actor.units(*STAFF)
        desk = Resource("Refund", "desk", units=tuple(sorted(scope)), more={"kin": []})
        require(session, actor, RefundAction.READ, desk)
        return within(scope) & _not_own(actor)
    person_id = search.person_id or actor.person_id
    if person_id is None:
        return false()
    kin = _kin(session, actor, person_id)
    own = Resource("Refund", "own", person_id, more={"kin": kin})
    require(session, acting(actor, person_id, kin), RefundAction.READ, own)
    return Refund.person_id == person_id
