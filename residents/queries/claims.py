"""Accounts that say who they are by a paper: their own claims, and those that staff check."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, select
from sqlalchemy.orm import Session

from auth.public import person_and_phone
from core import clock
from core.access import NOBODY, Actor, Resource, Role, decide, require
from core.errors import NotFound
from core.masking import masked_number, masked_phone
from core.paging import Page, read_page
from directory.public import (
    institution_named,
    institutions_by_id,
    units_of_institutions,
    units_within,
)
from residents.models import PaperClaim
from residents.queries.bindings import CHECK_ROLES, led_institutions
from residents.queries.known_by import Paper, identifier_index
from residents.queries.papers import Facts, alike, same_paper
from residents.schemas import (
    ClaimCase,
    ClaimSearch,
    ClaimState,
    ClaimView,
    IdentifierKind,
    PaperAction,
    Sex,
)

MOST_OWN = 5
# As long as somebody may take to come and show the paper.
SHOW_WITHIN = timedelta(days=30)


def claim_resource(
    claim_id: object,
    units: Sequence[str] = (),
    *,
    account_id: UUID = NOBODY,
    person_id: UUID | None = None,
) -> Resource:
    """A claim as the policy sees it: whose account it is, and who checks it."""
    account = {"__entity": {"type": "Account", "id": str(account_id)}}
    return Resource("Claim", str(claim_id), person_id, tuple(units), {"account": account})


def resource_of_claim(
    session: Session, claim: PaperClaim, person_id: UUID | None = None
) -> Resource:
    """As ``claim_resource``, of a row."""
    units = units_of_institutions(session, [claim.institution_id])[claim.institution_id]
    return claim_resource(claim.id, units, account_id=claim.account_id, person_id=person_id)


def claim_state(claim: PaperClaim) -> ClaimState:
    """The state as of now: the calendar comes to what lapsed only later."""
    if claim.state == ClaimState.WAITING and claim.created_at < clock.now() - SHOW_WITHIN:
        return ClaimState.LAPSED
    return ClaimState(claim.state)


def claims_over() -> ColumnElement[bool]:
    """The condition that a waiting claim waited too long."""
    waits = PaperClaim.state == ClaimState.WAITING
    return and_(waits, PaperClaim.created_at < clock.now() - SHOW_WITHIN)


def list_own_claims(session: Session, actor: Actor) -> list[ClaimView]:
    """The claims of the actor's account, the newest first."""
    own = claim_resource("own", account_id=actor.account_id)
    require(session, actor, PaperAction.READ_CLAIM, own)
    query = (
        select(PaperClaim)
        .where(PaperClaim.account_id == actor.account_id)
        .order_by(PaperClaim.created_at.desc(), PaperClaim.id)
        .limit(MOST_OWN)
    )
    return _views(session, session.scalars(query).all())


def list_claims(session: Session, actor: Actor, search: ClaimSearch) -> Page[ClaimView]:
    """Claims at the actor's institutions: those to check, the oldest first, or those settled, the
    newest first. Raises Denied for one without an institution.
    """
    units = tuple(sorted(actor.units(*CHECK_ROLES)))
    require(session, actor, PaperAction.READ_CLAIM, claim_resource("list", units))
    waiting = and_(PaperClaim.state == ClaimState.WAITING, ~claims_over())
    order: list[Any] = [PaperClaim.created_at, PaperClaim.id]
    held = actor.units(Role.REGISTRAR, Role.ADMINISTRATOR)
    within = units_within(cast(PaperClaim.institution_id, Text), held)
    query = select(PaperClaim, *order).where(
        within | PaperClaim.institution_id.in_(led_institutions(session, actor)),
        ~waiting if search.settled else waiting,
    )
    if search.search:
        number = PaperClaim.number_index == identifier_index(search.search)
        place = institution_named(PaperClaim.institution_id, search.search)
        query = query.where(number | place)
    rows, following = read_page(session, query, order, search, descending=search.settled)
    return Page(items=_views(session, [row[0] for row in rows]), next_cursor=following)


def get_claim(session: Session, actor: Actor, claim_id: UUID) -> ClaimCase:
    """One claim at the actor's institution. Raises NotFound or Denied."""
    row = session.get(PaperClaim, claim_id)
    if row is None:
        raise NotFound()
    resource = resource_of_claim(session, row)
    require(session, actor, PaperAction.READ_CLAIM, resource)
    return claim_case(session, actor, row, resource)


def claim_case(session: Session, actor: Actor, row: PaperClaim, resource: Resource) -> ClaimCase:
    """A claim as those who check it see it; the caller has asked the policy."""
    waits = claim_state(row) is ClaimState.WAITING
    may_check = waits and decide(actor, PaperAction.CHECK_CLAIM, resource)[0]
    facts = Facts(row.name, row.sex, row.birth_date)
    paper = Paper(IdentifierKind(row.kind), row.number, row.issuer)
    known = alike(session, facts, same_paper(session, paper, facts)) if may_check else []
    _, phone = person_and_phone(session, row.account_id)
    (view,) = _views(session, [row])
    return ClaimCase(
        **view.model_dump(),
        number=row.number,
        sex=Sex(row.sex),
        birth_date=row.birth_date,
        division_code=row.division_code,
        masked_phone=masked_phone(phone) if phone else None,
        alike=tuple(known),
        may_check=may_check,
    )


def _views(session: Session, rows: Sequence[PaperClaim]) -> list[ClaimView]:
    places = institutions_by_id(session, {row.institution_id for row in rows}) if rows else {}
    return [
        ClaimView(
            id=row.id,
            kind=IdentifierKind(row.kind),
            issuer=row.issuer,
            masked_number=masked_number(row.number),
            name=row.name,
            institution_name=places[row.institution_id].name,
            state=claim_state(row),
            reason=row.reason,
            checked_by_name=row.checked_by_name,
            created_at=row.created_at,
            settled_at=row.settled_at,
        )
        for row in rows
    ]
