"""Packs that people under contract ordered, with their payments. No provider knows of these."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from core import clock
from family_doctor.public import term_end
from regions.chance import Even
from regions.facts import ServicePack
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.contracts import Contract
from regions.load.organisation import Team
from regions.pack import RegionPack

# Shares of the contracts in force with a pack that is paid for (load model), and with one for
# nothing; and of the orders those that were never paid.
_SOLD, _FREE = 0.06, 0.5
_UNPAID = 0.06
# The first so many that the model team could sell a pack to bought the one with most to do, on a
# day from which each quarter's services fall due about now: so its list is never empty.
_SOLD_BY_MODEL = 24
_QUARTER, _QUARTERS = 91, 4
_OVERDUE, _AHEAD = 9, 7
_PURPOSE = "service_packs.order"
_PROVIDER = "demo"
_PAY_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Order:
    """A pack that somebody ordered; paid, or closed as nobody paid."""

    id: UUID
    payment_id: UUID
    contract: Contract
    pack: ServicePack
    created_at: datetime
    paid_at: datetime | None

    @property
    def payable(self) -> bool:
        """Whether the person pays anything themself."""
        return self.pack.payers.person_fen > 0

    @property
    def closed_at(self) -> datetime | None:
        """When it lapsed unpaid."""
        return None if self.paid_at else self.created_at + _PAY_WITHIN


class OrderMaker:
    """Makes up orders of the packs that are made for somebody's groups."""

    def __init__(self, pack: RegionPack, model: Team, *, seed: int, today: date) -> None:
        self._packs = [each for each in pack.packs if each.tier != "basic"]
        self._model = model
        self._today = today
        self._rng = Random(f"{seed}/orders")
        self._ids = Identifiers(Random(f"{seed}/order-ids"))
        self._sold, self._free = Even(self._rng), Even(self._rng)
        self._sold_by_model = 0
        scheduled = {item.code for item in pack.service_items if item.scheduled}
        self._owed = {
            each.code: sum(i.times for i in each.items if i.item in scheduled)
            for each in pack.packs
        }

    def orders(self, contracts: Sequence[Contract]) -> Iterator[Order]:
        """Orders of a share of the contracts in force."""
        for contract in contracts:
            most = (self._today - (contract.starts_on or self._today)).days - 1
            if not contract.in_force or most < 1:
                continue
            fitting = [pack for pack in self._packs if pack.group in contract.person.groups]
            if self._by_model(contract, fitting, most):
                quarters = self._rng.randint(1, (most - _OVERDUE) // _QUARTER)
                days_ago = quarters * _QUARTER + self._rng.randint(-_AHEAD, _OVERDUE)
                yield self.order(contract, max(fitting, key=self._work), days_ago)
            elif pack := self._choice(fitting):
                yield self.order(contract, pack, self._rng.randint(1, most), unpaid=_UNPAID)

    def _by_model(self, contract: Contract, fitting: list[ServicePack], most: int) -> bool:
        long_enough = most >= _QUARTER + _OVERDUE
        work = max((self._work(pack) for pack in fitting), default=0)
        room = self._sold_by_model < _SOLD_BY_MODEL
        sold = contract.team is self._model and long_enough and work >= _QUARTERS and room
        self._sold_by_model += sold
        return sold

    def _work(self, pack: ServicePack) -> int:
        return self._owed[pack.code]

    def _choice(self, fitting: list[ServicePack]) -> ServicePack | None:
        sold = [pack for pack in fitting if pack.payers.person_fen]
        free = [pack for pack in fitting if not pack.payers.person_fen]
        if sold and self._sold.takes(_SOLD):
            return self._rng.choice(sold)
        return free[0] if free and self._free.takes(_FREE) else None

    def order(
        self, contract: Contract, pack: ServicePack, days_ago: int, *, unpaid: float = 0
    ) -> Order:
        """An order made so many days ago; ``unpaid`` is the chance that money due never came."""
        hour, minute = self._rng.randint(8, 19), self._rng.randrange(60)
        created = clock.at(self._today - timedelta(days=days_ago), hour, minute)
        lapses = pack.payers.person_fen and days_ago > 1 and self._rng.random() < unpaid
        paid = None if lapses else created + timedelta(minutes=self._rng.randint(1, 20))
        return Order(self._ids.new(), self._ids.new(), contract, pack, created, paid)


class OrderLoader:
    """Writes orders, their payments and what was bought."""

    def __init__(self, bulk: Bulk, *, seed: int) -> None:
        self._bulk = bulk
        self._ids = Identifiers(Random(f"{seed}/order-rows"))

    def load(self, orders: Sequence[Order]) -> None:
        """These orders."""
        self._bulk.copy(
            "payments_payment",
            ("id", "purpose", "subject_id", "person_id", "amount_fen", "currency", "description",
             "state", "provider", "provider_reference", "created_at", "checked_at", "settled_at"),
            (self._payment(order) for order in orders if order.payable),
        )  # fmt: skip
        self._bulk.copy(
            "service_packs_order",
            ("id", "person_id", "division_code", "pack_code", "price_fen", "public_health_fen",
             "insurance_fen", "person_fen", "state", "payment_id", "created_at", "pay_by",
             "paid_at", "closed_at"),
            map(self._order, orders),
        )  # fmt: skip
        self._bulk.copy(
            "service_packs_entitlement",
            ("id", "person_id", "division_code", "pack_code", "source", "source_id", "team_id",
             "starts_on", "ends_on", "created_at"),
            (self._entitlement(order, order.paid_at) for order in orders if order.paid_at),
        )  # fmt: skip

    def _payment(self, order: Order) -> tuple[object, ...]:
        ended = order.paid_at or order.closed_at
        return (
            order.payment_id,
            _PURPOSE,
            order.id,
            order.contract.person.id,
            order.pack.payers.person_fen,
            "CNY",
            f"服务包订单 {order.id.hex[-8:].upper()}",
            "settled" if order.paid_at else "cancelled",
            _PROVIDER,
            f"{_PROVIDER}_{order.payment_id.hex}",
            order.created_at,
            ended,
            order.paid_at,
        )

    def _order(self, order: Order) -> tuple[object, ...]:
        payers = order.pack.payers
        return (
            order.id,
            order.contract.person.id,
            order.contract.person.division_code,
            order.pack.code,
            order.pack.real_price_fen,
            payers.public_health_fen,
            payers.insurance_fen,
            payers.person_fen,
            "paid" if order.paid_at else "expired",
            order.payment_id if order.payable else None,
            order.created_at,
            order.created_at + _PAY_WITHIN,
            order.paid_at,
            order.closed_at,
        )

    def _entitlement(self, order: Order, paid_at: datetime) -> tuple[object, ...]:
        first_day = clock.local(paid_at).date()
        return (
            self._ids.new(),
            order.contract.person.id,
            order.contract.person.division_code,
            order.pack.code,
            "order",
            order.id,
            order.contract.team.id,
            first_day,
            term_end(first_day, 1),
            paid_at,
        )
