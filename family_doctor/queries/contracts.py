"""Reads of contracts and what was promised in them."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, bindparam, select, text
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, PageQuery, read_page
from directory.public import division_path, get_team
from family_doctor.models import SUCCESSOR, Contract, ContractTransition, Obligation
from family_doctor.obligations import state_on
from family_doctor.queries.signatories import signatories
from family_doctor.queries.team import HAS_FORM, panel_resource
from family_doctor.schemas import (
    Action,
    AgreementView,
    ContractSearch,
    ContractView,
    ObligationView,
    TransitionView,
    WaitingAction,
)
from family_doctor.states import IN_FORCE, State
from residents.public import Person, acting, matches

CONTRACT, PROMISE = Contract.__table__, Obligation.__table__
OBLIGATION = tuple(
    PROMISE.c[name]
    for name in (
        "id",
        "contract_id",
        "item_code",
        "item_name",
        "item_name_en",
        "sequence",
        "times",
        "opens_on",
        "due_on",
        "done_at",
        "excused_at",
        "kind",
        "remind_from",
        "late_after",
        "norm_code",
        "plan_id",
        "excuse_reason",
        "excuse_note",
        "excused_until",
    )
)
# Built once, on the tables themselves: a resident's pages ask for them.
LATEST = (
    select(*(column for column in CONTRACT.c if column.name != "agreement_text"))
    .where(CONTRACT.c.person_id == bindparam("person"))
    .order_by(CONTRACT.c.ended_at.desc().nulls_first(), CONTRACT.c.succeeding, CONTRACT.c.id.desc())
    .limit(1)
)
PROMISED = (
    select(*OBLIGATION, HAS_FORM)
    .where(PROMISE.c.contract_id == bindparam("contract"))
    .order_by(PROMISE.c.due_on, PROMISE.c.id)
)


def contract_resource(contract: Contract | Row[Any], kin: Collection[str] = ()) -> Resource:
    """A contract as the policy sees it: the resident's, in its team, institution and township;
    ``kin`` may act for the resident.
    """
    units = (
        str(contract.team_id),
        str(contract.institution_id),
        *division_path(contract.division_code),
    )
    return Resource("Contract", str(contract.id), contract.person_id, units, {"kin": sorted(kin)})


def read_contract(
    session: Session, actor: Actor, action: Action | WaitingAction, contract_id: UUID
) -> Contract:
    """The row, once the policy has let the actor do ``action``, for another where they are kin.
    Raises NotFound or Denied.
    """
    return _read(session, actor, action, contract_id)[0]


def _read(
    session: Session, actor: Actor, action: Action | WaitingAction, contract_id: UUID
) -> tuple[Contract, tuple[str, ...]]:
    """As ``read_contract``, with who may sign for the resident, where that was looked up."""
    contract = session.get(Contract, contract_id)
    if contract is None:
        raise NotFound()
    kin = signatories(session, actor, contract.person_id)
    asking = acting(actor, contract.person_id, kin)
    require(session, asking, action, contract_resource(contract, kin))
    return contract, kin


def get_contract(session: Session, actor: Actor, contract_id: UUID) -> ContractView:
    """One contract. Raises NotFound or Denied."""
    return contract_view(read_contract(session, actor, Action.READ_CONTRACT, contract_id))


def get_agreement(session: Session, actor: Actor, contract_id: UUID) -> AgreementView:
    """The agreement's frozen text. Raises NotFound (also before acceptance) or Denied."""
    return get_for_reading(session, actor, contract_id).agreement


class ForReading(NamedTuple):
    """A contract with its agreement, and the actor's person where it is that which signs."""

    contract: ContractView
    agreement: AgreementView
    signer_id: UUID | None


def get_for_reading(session: Session, actor: Actor, contract_id: UUID) -> ForReading:
    """A contract that is read to be signed. Raises NotFound (also before acceptance) or Denied."""
    contract, kin = _read(session, actor, Action.READ_CONTRACT, contract_id)
    if contract.agreement_text is None or contract.agreement_digest is None:
        raise NotFound()
    signs = actor.person_id == contract.person_id or str(actor.person_id) in kin
    return ForReading(
        contract_view(contract),
        AgreementView(text=contract.agreement_text, sha256=contract.agreement_digest.hex()),
        actor.person_id if signs else None,
    )


def list_contracts(session: Session, actor: Actor, search: ContractSearch) -> Page[ContractView]:
    """The actor's own contracts, or with a team those of the team; newest first."""
    order = [Contract.applied_at, Contract.id]
    query = select(Contract, *order)
    if search.team_id is None and actor.person_id is None:
        return Page(items=[])
    if search.team_id is None:
        own = Resource("Contract", "own", actor.person_id)
        require(session, actor, Action.READ_CONTRACT, own)
        query = query.where(Contract.person_id == actor.person_id)
    else:
        team = get_team(session, search.team_id)
        require(session, actor, Action.READ_PANEL, panel_resource(team))
        query = query.where(Contract.team_id == team.id)
    if search.state:
        query = query.where(Contract.state == search.state)
    if search.search:
        query = query.join(Person, Person.id == Contract.person_id).where(matches(search.search))
    rows, following = read_page(session, query, order, search, descending=True)
    return Page(items=[contract_view(row[0]) for row in rows], next_cursor=following)


def find_latest_contract(session: Session, actor: Actor) -> ContractView | None:
    """The contract that the actor's own page is about: the live one, else the last that ended."""
    if actor.person_id is None:
        return None
    contract = session.execute(LATEST, {"person": actor.person_id}).one_or_none()
    if contract is None:
        return None
    require(session, actor, Action.READ_CONTRACT, contract_resource(contract))
    return contract_view(contract)


def find_contract_of(session: Session, person_id: UUID) -> ContractView | None:
    """The same of a person. The caller has asked the policy."""
    contract = session.execute(LATEST, {"person": person_id}).one_or_none()
    return contract_view(contract) if contract is not None else None


def find_successor(session: Session, contract: ContractView) -> ContractView | None:
    """The renewal or change under way beside a contract in force. The caller has asked the policy,
    and whoever reads the one reads the other. One that is ``active`` has none: whoever renews or
    changes it moves it on first.
    """
    if contract.state not in IN_FORCE - {State.ACTIVE}:
        return None
    query = select(Contract).where(Contract.previous_id == contract.id, text(SUCCESSOR))
    row = session.scalar(query)
    return contract_view(row) if row else None


def find_active_contract(session: Session, person_id: UUID) -> ContractView | None:
    """The contract in force of a person. The caller has asked the policy."""
    query = select(Contract).where(Contract.person_id == person_id, Contract.state.in_(IN_FORCE))
    contract = session.scalar(query)
    return contract_view(contract) if contract else None


def care_units(session: Session, person_id: UUID) -> tuple[str, ...]:
    """The team and institution that care for a person, and the divisions the person lives in;
    empty without a contract in force.
    """
    query = select(Contract.team_id, Contract.institution_id, Contract.division_code).where(
        Contract.person_id == person_id, Contract.state.in_(IN_FORCE)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return ()
    return str(row.team_id), str(row.institution_id), *division_path(row.division_code)


def contracted(session: Session, person_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these people whose contract is in force."""
    query = select(CONTRACT.c.person_id).where(
        CONTRACT.c.person_id.in_(person_ids), CONTRACT.c.state.in_(IN_FORCE)
    )
    return frozenset(session.scalars(query))


def list_obligations(
    session: Session, actor: Actor, contract_id: UUID, page: PageQuery
) -> Page[ObligationView]:
    """What a contract promises, by date. Raises NotFound or Denied."""
    read_contract(session, actor, Action.READ_CONTRACT, contract_id)
    order = [PROMISE.c.due_on, PROMISE.c.id]
    query = select(*OBLIGATION, *order).where(PROMISE.c.contract_id == contract_id)
    rows, following = read_page(session, query, order, page)
    return Page(items=[obligation_view(row) for row in rows], next_cursor=following)


def promised(session: Session, contract_id: UUID) -> list[ObligationView]:
    """All that a contract promises, by date; as many as its pack has. The caller has asked."""
    rows = session.execute(PROMISED, {"contract": contract_id})
    return [obligation_view(row) for row in rows]


def list_transitions(session: Session, contract_id: UUID) -> list[TransitionView]:
    """The history of a contract, newest first. The caller has asked the policy."""
    query = select(ContractTransition).where(ContractTransition.contract_id == contract_id)
    rows = session.scalars(query.order_by(ContractTransition.id.desc()))
    return [TransitionView.model_validate(row) for row in rows]


def obligation_view(row: Any) -> ObligationView:
    """A row of ``OBLIGATION`` as others may see it, as it stands today."""
    return ObligationView(
        id=row.id,
        contract_id=row.contract_id,
        item_code=row.item_code,
        item_name=row.item_name,
        item_name_en=row.item_name_en,
        sequence=row.sequence,
        times=row.times,
        opens_on=row.opens_on,
        due_on=row.due_on,
        done_at=row.done_at,
        state=state_on(row, clock.today()),
        kind=row.kind,
        remind_from=row.remind_from,
        late_after=row.late_after,
        norm_code=row.norm_code,
        plan_id=row.plan_id,
        excuse_reason=row.excuse_reason,
        excuse_note=row.excuse_note,
        excused_until=row.excused_until,
        has_form=getattr(row, "has_form", False),
    )


def contract_view(contract: Contract | Row[Any]) -> ContractView:
    """A row as others may see it."""
    return ContractView(
        **{name: getattr(contract, name) for name in COPIED},
        agreement_sha256=contract.agreement_digest.hex() if contract.agreement_digest else None,
        answer_by=contract.waits_until if contract.state == State.APPLIED else None,
        sign_by=contract.waits_until if contract.state == State.PENDING_SIGNATURE else None,
    )


COPIED = tuple(
    name
    for name in ContractView.model_fields
    if name not in ("agreement_sha256", "answer_by", "sign_by")
)
