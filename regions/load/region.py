"""Load a region, in one transaction of the caller's."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from random import Random
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from appointments.public import open_sessions
from core import clock
from core.errors import Conflict
from core.messages import N_
from gov_stats.public import compute_year
from regions import demo
from regions.load import organisation
from regions.load.accounts import AccountLoader
from regions.load.bookings import Offers, PastBookings
from regions.load.bulk import Bulk
from regions.load.catalogue import load_catalogue, load_promises
from regions.load.clinics import load_clinics, load_rules, weekly_clinics
from regions.load.coming import ComingBookings
from regions.load.contracts import Contract, ContractLoader, ContractMaker
from regions.load.orders import Order, OrderLoader, OrderMaker
from regions.load.organisation import Places, Team
from regions.load.people import PeopleLoader
from regions.load.services import habit, load_services, model_habit
from regions.pack import RegionPack
from regions.population import households, people_at
from regions.staff import plan_staff

# What is being done, and how much of the whole is done by now (0 to 1).
Tell = Callable[[str, float], None]
T = TypeVar("T")

DEMO_PEOPLE = 2_000
_BATCH = 2_000
_FURTHEST = timedelta(days=60)
# Half a year: a service of each half and of each quarter falls due today.
_BOUGHT_DAYS_AGO = 181


def demo_scale(pack: RegionPack) -> float:
    """The share of the residents that a demo has when nobody asks for another: 2,000 people."""
    return DEMO_PEOPLE / pack.residents


def load_organisation(session: Session, pack: RegionPack, *, seed: int = 1) -> None:
    """The region as it really is: its places, institutions, booking rules and packs; no people.

    Raises Conflict ``already_loaded``.
    """
    bulk = Bulk(session)
    places = _load_facts(bulk, pack, seed)
    load_rules(bulk, pack, places)
    bulk.analyze()


def load_demo(
    session: Session,
    pack: RegionPack,
    *,
    scale: float,
    seed: int = 1,
    tell: Tell = lambda what, done: None,
) -> None:
    """The region with made-up staff and people, a year of their history, and the demo accounts.

    Raises Conflict ``already_loaded``, and ValueError for a scale that gives too few people.
    """
    _Demo(session, pack, scale=scale, seed=seed, tell=tell).load()


def _load_facts(bulk: Bulk, pack: RegionPack, seed: int) -> Places:
    if bulk.session.scalar(text("SELECT EXISTS (SELECT FROM directory_division)")):
        raise Conflict("already_loaded", N_("这个数据库里已有一个地区的数据，没有再次装载。"))
    places = organisation.load_places(bulk, pack, seed)
    load_catalogue(bulk, pack)
    return places


class _Demo:
    """Holds what the steps share."""

    def __init__(
        self, session: Session, pack: RegionPack, *, scale: float, seed: int, tell: Tell
    ) -> None:
        self._people = people_at(pack, scale)
        self._bulk = Bulk(session)
        self._session = session
        self._pack = pack
        self._scale = scale
        self._seed = seed
        self._tell = tell
        self._now: datetime = clock.now()
        self._today: date = clock.today()

    def load(self) -> None:
        """Everything, in the order in which rows refer to each other."""
        bulk, pack, seed, today = self._bulk, self._pack, self._seed, self._today
        self._tell("organisation", 0)
        places = _load_facts(bulk, pack, seed)
        plan = plan_staff(pack, seed=seed, scale=self._scale)
        organisation.load_staff(bulk, places, plan.staff)
        organisation.load_teams(bulk, places, plan)
        clinics = weekly_clinics(pack, plan)
        load_clinics(bulk, pack, places, clinics, seed)

        teams = list(organisation.teams_of_plan(pack, places, plan))
        largest = max(pack.townships, key=lambda township: township.population)
        team = next(team for team in teams if team.division_code == largest.code)
        teams_of = organisation.teams_by_village(teams, plan.teams)
        village = next(v for v in pack.villages_of[largest.code] if team in teams_of[v.code])
        cast = demo.cast_people(pack, village, team.members[0], today=today, seed=seed)
        offers = Offers(clinics, today)
        self._writers(places, teams_of, offers, team, cast)

        with bulk.bare("appointments_booking", "appointments_slot", "appointments_session"):
            order = self._load_cast(cast, team)
            self._load_people()
            self._past.load_slots()
        self._contracts.load_places(self._signing.taken.items())
        self._load_services(teams, team)

        self._tell("clinics", 0.7)
        open_sessions(self._session, today + _FURTHEST)
        desk = organisation.best_hospital(pack)
        booking = self._coming.load(desk, cast.resident, demo.SPECIALTY)
        accounts = AccountLoader(bulk, pack, places, seed=seed)
        accounts.load(cast, team, desk)
        accounts.tell(cast, order, booking)
        bulk.analyze()
        self._tell("figures", 0.85)
        compute_year(self._session)
        self._tell("done", 1)

    def _writers(
        self,
        places: Places,
        teams_of: dict[str, list[Team]],
        offers: Offers,
        model: Team,
        cast: demo.Cast,
    ) -> None:
        bulk, pack, seed, now, today = self._bulk, self._pack, self._seed, self._now, self._today
        self._residents = PeopleLoader(
            bulk, seed=seed, now=now, today=today, township=model.division_code, apart=cast.ids
        )
        self._signing = ContractMaker(pack, teams_of, seed=seed, now=now, today=today)
        self._contracts = ContractLoader(bulk, pack, seed=seed)
        self._ordering = OrderMaker(pack, model, seed=seed, today=today)
        self._orders = OrderLoader(bulk, seed=seed)
        self._past = PastBookings(bulk, pack, places, offers, seed=seed, today=today)
        self._coming = ComingBookings(
            bulk, places, offers, seed=seed, now=now, township=model.division_code
        )

    def _load_cast(self, cast: demo.Cast, team: Team) -> Order | None:
        """The demo's people: two are signed, three apply; the resident bought a pack."""
        self._residents.load(cast.households)
        signing = self._signing
        contracts = signing.sign(cast.resident, team, 200, renewed=True)
        for hours, applicant in zip((5, 26, 70), cast.applicants, strict=True):
            contracts += signing.wait(applicant, team, hours)
        fitting = [
            pack
            for pack in self._pack.packs
            if pack.group == demo.ORDERED_GROUP and pack.payers.person_fen
        ]
        orders = [
            self._ordering.order(contracts[1], pack, _BOUGHT_DAYS_AGO) for pack in fitting[:1]
        ]
        self._write(contracts, orders)
        return orders[0] if orders else None

    def _load_people(self) -> None:
        made = households(self._pack, today=self._today, seed=self._seed, scale=self._scale)
        done = 0
        for batch in _batches(made, _BATCH):
            self._tell("people", 0.05 + 0.3 * done / self._people)
            self._residents.load(batch)
            people = [person for household in batch for person in household.members]
            contracts = [c for person in people for c in self._signing.contracts(person)]
            self._write(contracts, list(self._ordering.orders(contracts)))
            self._past.load(people)
            self._coming.consider(people)
            done += len(people)

    def _write(self, contracts: list[Contract], orders: list[Order]) -> None:
        self._contracts.load(contracts)
        self._orders.load(orders)

    def _load_services(self, teams: list[Team], model: Team) -> None:
        self._tell("services", 0.35)
        rng = Random(f"{self._seed}/habits")
        habits = [model_habit(team) if team is model else habit(team, rng) for team in teams]
        load_promises(self._bulk, self._pack)
        load_services(self._bulk, habits, teams, seed=self._seed, now=self._now, today=self._today)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
