"""The actors of the contract machine, and what must be true of it after every step."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from directory.models import Team
from directory.public import teams_by_id
from family_doctor.models import Contract, Obligation, Offer, TeamLoad, Transfer, WaitingPack
from family_doctor.queries.contracts import get_contract, list_contracts
from family_doctor.queries.refunds import find_refund, get_refund
from family_doctor.queries.rules import places
from family_doctor.schemas import (
    ApplyForContract,
    ConfirmContract,
    ContractSearch,
    ContractView,
    EndReason,
    Kind,
    OfferState,
    RefundRule,
    TransferState,
)
from family_doctor.schemas.transfers import OPEN_OFFERS, WITH_SUCCESSOR
from family_doctor.services import contracts as services
from family_doctor.services.places import holds_place
from family_doctor.states import IN_FORCE, LIVE, UNDER_WAY, State
from family_doctor.subscribers import date_order
from residents.models import Person
from service_packs.events import OrderPaid
from service_packs.models import Entitlement, EntitlementItem, Item, Pack
from service_packs.schemas import EntitlementView, Source
from tests.factories.auth import make_account
from tests.factories.directory import COUNTY, make_team
from tests.factories.family_doctor import BASIC, actor_of, make_basic_pack
from tests.factories.residents import make_resident
from tests.factories.service_packs import make_pack, make_paid_order
from tests.factories.signing import STROKES

# Prices that do not divide evenly, so that rounding is seen.
PRICES = {"T01": 3_333, "T02": 700}
PERSON_FEN = 1_000
# A pack bought beside the contract; divided by its four services it leaves a rest.
EXTRA_FEN = 1_111
# Offers that nobody has answered.
ASKING = (OfferState.PROPOSED, OfferState.ASKED)


@dataclass
class Side:
    """A team and its leader."""

    team: Team
    leader: Actor


@dataclass
class World:
    """Residents, two teams of one institution, its administrator."""

    session: Session
    residents: list[Actor] = field(default_factory=list)
    sides: list[Side] = field(default_factory=list)
    administrator: Actor = field(init=False)
    extra: Pack = field(init=False)

    @classmethod
    def make(cls, session: Session, *, residents: int = 1, capacity: int = 2) -> "World":
        """The usual one; the basic pack has a price of its own here."""
        world = cls(session)
        price_basic_pack(session)
        world.extra = make_pack(session, person_fen=EXTRA_FEN)
        for _ in range(residents):
            account, _ = make_resident(session)
            world.residents.append(actor_of(session, account.id))
        for _ in range(2):
            team, leader, _ = make_team(session, capacity=capacity)
            world.sides.append(Side(team, actor_of(session, leader)))
        account = make_account(session, name="管理员", roles={Role.ADMINISTRATOR: [COUNTY]})
        world.administrator = actor_of(session, account.id)
        session.flush()
        return world

    @property
    def resident(self) -> Actor:
        """The only resident, or the first."""
        return self.residents[0]

    def leader_of(self, contract: Contract | ContractView) -> Actor:
        """Who leads the contract's team."""
        return self.leads(contract.team_id)

    def leads(self, team_id: UUID) -> Actor:
        """Who leads a team."""
        return next(side.leader for side in self.sides if side.team.id == team_id)

    def applied(self, side: int = 0, resident: Actor | None = None) -> ContractView:
        """An application to a team."""
        command = ApplyForContract(team_id=self.sides[side].team.id)
        return services.apply_for_contract(self.session, resident or self.resident, command)

    def confirm(self, contract: ContractView, resident: Actor | None = None) -> ContractView:
        """Consent to the agreement as it is."""
        command = ConfirmContract(
            agreement_sha256=str(contract.agreement_sha256), agreed=True, strokes=STROKES
        )
        return services.confirm_contract(
            self.session, resident or self.resident, contract.id, command
        )

    def signed(self, side: int = 0, resident: Actor | None = None) -> ContractView:
        """A contract in force with a team."""
        applied = self.applied(side, resident)
        accepted = services.accept_contract(self.session, self.sides[side].leader, applied.id)
        return self.confirm(accepted, resident)

    def buy(self, resident: Actor) -> EntitlementView:
        """A pack bought and paid beside whatever the resident has."""
        assert resident.person_id
        person = self.session.get_one(Person, resident.person_id)
        granted = make_paid_order(self.session, person, self.extra)
        paid = OrderPaid(order_id=granted.source_id, person_id=person.id)
        date_order(self.session, paid)
        return granted

    def row(self, contract_id: UUID) -> Contract:
        """The contract as the database has it."""
        self.session.expire_all()
        return self.session.get_one(Contract, contract_id)


def price_basic_pack(session: Session) -> None:
    """Let the person pay, so that something can be due back."""
    make_basic_pack(session)
    pack = session.get_one(Pack, BASIC)
    pack.price_fen, pack.list_price_fen, pack.person_fen = 2_500, 2_500, PERSON_FEN
    for code, price in PRICES.items():
        session.get_one(Item, code).unit_price_fen = price
    session.flush()


def check(world: World) -> None:
    """Everything that must be true of the contracts at any time."""
    session = world.session
    session.expire_all()
    people = {resident.person_id for resident in world.residents}
    contracts = list(session.scalars(select(Contract).where(Contract.person_id.in_(people))))
    one_live_a_person(contracts)
    capacity_is_kept(world, contracts)
    for contract in contracts:
        promises_fit(session, contract)
        refund_fits(session, contract)
    transfers_fit(session, contracts)
    for resident in world.residents:
        bought_goes_on(session, resident)
        views_agree(world, resident)


def one_live_a_person(contracts: list[Contract]) -> None:
    """Never two in force, never two that succeed, and terms in force today."""
    people = {contract.person_id for contract in contracts}
    for person in people:
        live = [c for c in contracts if c.person_id == person and c.state in LIVE]
        in_force = [c for c in live if c.state in IN_FORCE]
        succeeding = [c for c in live if c.succeeding]
        assert len(in_force) <= 1
        assert len(succeeding) <= 1
        assert len(live) - len(succeeding) <= 1
        for contract in succeeding:
            assert contract.state in UNDER_WAY
            assert in_force
            assert contract.previous_id == in_force[0].id
        changing = [c for c in in_force if c.state == State.CHANGE_REQUESTED]
        asked = [c for c in succeeding if c.kind != "renewal"]
        assert len(changing) == len(asked)
        for contract in live:
            if contract.state == State.SIGNED and in_force:
                assert contract.starts_on
                assert in_force[0].ends_on
                assert contract.starts_on > in_force[0].ends_on


def capacity_is_kept(world: World, contracts: list[Contract]) -> None:
    """The counter is the count, and never more than the places."""
    views = teams_by_id(world.session, {side.team.id for side in world.sides})
    load = {row.team_id: row.taken for row in world.session.scalars(select(TeamLoad))}
    for team_id, capacity in places(world.session, list(views.values())).items():
        held = sum(1 for c in contracts if c.team_id == team_id and holds_place(c))
        held += places_kept(world.session, team_id)
        assert capacity.taken == load.get(team_id, 0) == held
        assert held <= capacity.capacity


def places_kept(session: Session, team_id: UUID) -> int:
    """For how many residents who were asked to come a team keeps a place."""
    query = (
        select(func.count())
        .select_from(Offer)
        .join(Transfer, Transfer.id == Offer.transfer_id)
        .where(Transfer.to_team_id == team_id, Offer.state == OfferState.ASKED)
    )
    return session.scalar(query) or 0


def transfers_fit(session: Session, contracts: list[Contract]) -> None:
    """What became of a transfer for each resident is what it and their contracts say; nobody goes
    to another team by one without having consented.
    """
    query = select(Offer, Transfer).join(Transfer, Transfer.id == Offer.transfer_id)
    by_id = {each.id: each for each in contracts}
    for offer, transfer in session.execute(query.where(Offer.contract_id.in_(by_id))).all():
        old = by_id[offer.contract_id]
        assert (transfer.state == TransferState.PROPOSED) or offer.state != OfferState.PROPOSED
        assert (transfer.state == TransferState.ACCEPTED) or offer.state != OfferState.ASKED
        assert (transfer.waits_until is not None) >= (offer.state in ASKING)
        if offer.successor_id is None:
            assert offer.state not in WITH_SUCCESSOR
            assert offer.decided_at is None or offer.state == OfferState.DECLINED
            continue
        new = by_id[offer.successor_id]
        assert (new.team_id, new.previous_id) == (transfer.to_team_id, old.id)
        assert new.kind == Kind.CHANGE_TEAM
        assert offer.decided_at is not None
        if offer.state == OfferState.DONE:
            assert new.signed_at is not None
            assert (old.state, old.end_reason) == (State.TERMINATED, EndReason.CHANGED_TEAM)


def heard(session: Session, contracts: list[Contract]) -> None:
    """Once the transfers heard of every contract: none waits for what is over."""
    by_id = {each.id: each for each in contracts}
    query = select(Offer).where(Offer.contract_id.in_(by_id), Offer.state.in_(OPEN_OFFERS))
    for offer in session.scalars(query):
        assert by_id[offer.contract_id].state in IN_FORCE
        if offer.successor_id is not None:
            assert by_id[offer.successor_id].state in UNDER_WAY


def promises_fit(session: Session, contract: Contract) -> None:
    """Owed is what the pack gives in the term, and nothing to come after the end."""
    query = select(Obligation).join(Entitlement, Entitlement.id == Obligation.entitlement_id)
    rows = list(session.scalars(query.where(Entitlement.source_id == contract.id)))
    assert all(row.contract_id == contract.id for row in rows)
    begun = contract.signed_at is not None and contract.state != State.CANCELLED
    if contract.state in UNDER_WAY or not begun:
        assert not rows
        return
    assert len(rows) == 5 * contract.term_years
    assert contract.starts_on
    assert contract.ends_on
    for row in rows:
        assert contract.starts_on <= row.opens_on <= row.due_on <= contract.ends_on
        if contract.ended_at:
            ended_on = clock.local(contract.ended_at).date()
            assert row.done_at or row.excused_at or row.due_on < ended_on
        else:
            assert row.excused_at is None
    granted = session.scalars(select(Entitlement).where(Entitlement.source_id == contract.id)).one()
    assert (granted.starts_on, granted.ends_on) == (contract.starts_on, contract.ends_on)
    assert (granted.ended_at is None) == (contract.state in IN_FORCE)
    if contract.state in IN_FORCE:
        assert granted.team_id == contract.team_id


def refund_fits(session: Session, contract: Contract) -> None:
    """What is due is the share of the unperformed part, counted here from the rows again."""
    refund = find_refund(session, contract)
    if contract.state == State.TERMINATED:
        assert refund is not None
        assert contract.refund_fen == refund.refund_fen
    if refund is None:
        return
    of_bought = sum(each.refund_fen for each in refund.bought)
    assert refund.refund_fen == refund.contract_fen + of_bought
    for each in refund.bought:
        assert each.paid_fen == EXTRA_FEN
        assert each.refund_fen >= EXTRA_FEN * each.unperformed_fen / each.whole_fen
    paid = PERSON_FEN * contract.term_years
    assert refund.paid_fen == paid
    if refund.rule is not RefundRule.UNPERFORMED:
        assert refund.contract_fen == paid
        return
    counted = session.execute(
        select(EntitlementItem.item_code, EntitlementItem.times_total, EntitlementItem.times_used)
        .join(Entitlement, Entitlement.id == EntitlementItem.entitlement_id)
        .where(Entitlement.source_id == contract.id)
    ).all()
    whole = sum(PRICES[code] * total for code, total, _ in counted)
    left = sum(PRICES[code] * (total - used) for code, total, used in counted)
    assert (refund.whole_fen, refund.unperformed_fen) == (whole, left)
    assert 0 <= refund.contract_fen * whole - paid * left < whole


def bought_goes_on(session: Session, resident: Actor) -> None:
    """What was bought is owed under the contract in force and served by its team; who left for good
    has it back in money, and one or the other holds for every fen.
    """
    query = select(Contract).where(Contract.person_id == resident.person_id)
    contracts = list(session.scalars(query))
    now = next((each for each in contracts if each.state in IN_FORCE), None)
    refunded = {
        part["order_id"]
        for each in contracts
        if each.state == State.TERMINATED and each.refund_basis
        for part in each.refund_basis["bought"]
    }
    waited = select(WaitingPack.order_id).where(
        WaitingPack.person_id == resident.person_id, WaitingPack.refund_fen.is_not(None)
    )
    refunded |= {str(order_id) for order_id in session.scalars(waited)}
    orders = select(Entitlement).where(
        Entitlement.person_id == resident.person_id, Entitlement.source == Source.ORDER
    )
    for held in session.scalars(orders):
        over = held.ends_on < clock.today()
        assert (held.ended_at is not None) == (str(held.source_id) in refunded)
        owed = select(Obligation).where(Obligation.entitlement_id == held.id)
        coming = [
            row
            for row in session.scalars(owed)
            if row.done_at is None and row.due_on >= clock.today()
        ]
        if held.ended_at or now is None:
            assert all(row.excused_at for row in coming)
        elif not over:
            assert held.team_id == now.team_id
            assert {(row.contract_id, row.team_id) for row in coming} <= {(now.id, now.team_id)}
            assert not any(row.excused_at for row in coming)


def views_agree(world: World, resident: Actor) -> None:
    """The resident and each contract's leader read the same."""
    own = list_contracts(world.session, resident, ContractSearch(limit=100)).items
    for view in own:
        leader = world.leader_of(view)
        assert get_contract(world.session, leader, view.id) == view
        if view.state in IN_FORCE or view.refund_fen is not None:
            seen = get_refund(world.session, leader, view.id)
            assert seen == get_refund(world.session, resident, view.id)
