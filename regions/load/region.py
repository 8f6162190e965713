"""Load a region, in one transaction of the caller's."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from random import Random
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from appointments.public import open_sessions
from core import clock
from family_doctor.public import (
    make_past_reports,
    plan_all,
    propose_labels,
    seal_soon,
    term_end,
)
from gov_stats.public import compute_year
from regions import demo
from regions.load import organisation
from regions.load.accounts import AccountLoader
from regions.load.acting import load_acting
from regions.load.bookings import Offers, PastBookings
from regions.load.bulk import Bulk
from regions.load.care import CareLoader
from regions.load.catalogue import load_catalogue, load_promises
from regions.load.clinics import (
    WeeklyClinic,
    load_clinics,
    load_holidays,
    load_rules,
    load_symptoms,
    weekly_clinics,
)
from regions.load.coming import ComingBookings
from regions.load.contracts import (
    Contract,
    ContractLoader,
    ContractMaker,
    load_contract_rules,
)
from regions.load.norms import load_norms, load_prescription_rules
from regions.load.orders import Order, OrderLoader, OrderMaker
from regions.load.organisation import Places, Team
from regions.load.papers import load_papers
from regions.load.people import PeopleLoader
from regions.load.points import load_points
from regions.load.referrals import ReferralLoader
from regions.load.services import habit, load_services, model_habit
from regions.load.signatures import SignatureLoader
from regions.load.teamwork import load_teamwork
from regions.load.ways import load_way_rule, load_ways
from regions.pack import RegionPack
from regions.population import Household, households, people_at
from regions.staff import plan_staff
from residents.public import propose_duplicates

# What is being done, and how much of the whole is done by now (0 to 1).
Tell = Callable[[str, float], None]
T = TypeVar("T")

DEMO_PEOPLE = 2_000
_BATCH = 2_000
_FURTHEST = timedelta(days=60)
_SIGNED_DAYS_AGO = 200
_APPLIED_HOURS_AGO = 5, 26, 70


class AlreadyLoaded(Exception):
    """The database has a region; nothing was changed."""


def demo_scale(pack: RegionPack) -> float:
    """The share of the residents that a demo has when nobody asks for another: 2,000 people."""
    return DEMO_PEOPLE / pack.residents


def load_organisation(session: Session, pack: RegionPack, *, seed: int = 1) -> None:
    """The region as it really is: its places, institutions, booking rules and packs; no people.

    Raises AlreadyLoaded.
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

    ``tell`` hears of the progress. Raises AlreadyLoaded, and ValueError for a scale that gives too
    few people.
    """
    total = people_at(pack, scale)
    bulk = Bulk(session)
    tell("organisation", 0)
    setting = _load_setting(bulk, pack, scale, seed)
    history = _History(bulk, setting)
    people = households(pack, today=setting.today, seed=seed, scale=scale)
    order = history.load(people, lambda done: tell("people", 0.05 + 0.3 * done / total))
    tell("services", 0.35)
    _load_services(bulk, setting)
    plan_all(session)
    tell("clinics", 0.7)
    open_sessions(session, setting.today + _FURTHEST)
    desk = organisation.best_hospital(pack)
    booking = history.coming.load(desk, setting.cast.resident, demo.SPECIALTY)
    accounts = AccountLoader(bulk, pack, setting.places, seed=seed)
    accounts.load(setting.cast, setting.model, desk)
    accounts.tell(setting.cast, order, booking)
    load_ways(bulk, setting.model, setting.cast.resident.id, now=setting.now, seed=seed)
    load_teamwork(bulk, setting.model, now=setting.now, today=setting.today, seed=seed)
    care = CareLoader(bulk, pack, setting.model, setting.cast.resident, seed=seed)
    for person_id in care.load(setting.now):
        propose_labels(session, person_id)
    referrals = ReferralLoader(bulk, setting.places, desk, seed=seed, now=setting.now)
    referrals.load(setting.model, setting.cast.resident.id)
    load_points(bulk, pack, seed=seed, now=setting.now, today=setting.today)
    make_past_reports(session, setting.model.id)
    load_acting(bulk, setting.cast, setting.model, seed=seed, now=setting.now, today=setting.today)
    load_papers(bulk, pack, setting.model, seed=seed, now=setting.now)
    propose_duplicates(session)
    bulk.analyze()
    tell("figures", 0.85)
    compute_year(session)
    tell("done", 1)


@dataclass(frozen=True, slots=True)
class _Setting:
    """Where the history plays: ``model`` is the team of the demo's leader."""

    pack: RegionPack
    seed: int
    now: datetime
    today: date
    places: Places
    clinics: list[WeeklyClinic]
    teams: list[Team]
    teams_of: dict[str, list[Team]]
    model: Team
    cast: demo.Cast


def _load_facts(bulk: Bulk, pack: RegionPack, seed: int) -> Places:
    if bulk.session.scalar(text("SELECT EXISTS (SELECT FROM directory_division)")):
        raise AlreadyLoaded
    places = organisation.load_places(bulk, pack, seed)
    load_catalogue(bulk, pack)
    load_contract_rules(bulk, pack)
    load_way_rule(bulk, pack)
    load_norms(bulk, pack)
    load_prescription_rules(bulk, pack)
    load_symptoms(bulk, pack)
    load_holidays(bulk, pack)
    return places


def _load_setting(bulk: Bulk, pack: RegionPack, scale: float, seed: int) -> _Setting:
    """Places, staff, teams and clinics; and who plays the demo, in the largest township."""
    now, today = clock.now(), clock.today()
    places = _load_facts(bulk, pack, seed)
    plan = plan_staff(pack, seed=seed, scale=scale)
    organisation.load_staff(bulk, places, plan.staff)
    organisation.load_teams(bulk, places, plan)
    clinics = weekly_clinics(pack, plan)
    load_clinics(bulk, pack, places, clinics, seed)
    teams = list(organisation.teams_of_plan(pack, places, plan))
    teams_of = organisation.teams_by_village(teams, plan.teams)
    largest = max(pack.townships, key=lambda township: township.population)
    village = pack.villages_of[largest.code][0]
    model = teams_of[village.code][0]
    cast = demo.cast_people(pack, village, model.members[0], today=today, seed=seed)
    return _Setting(pack, seed, now, today, places, clinics, teams, teams_of, model, cast)


class _History:
    """People and what they did, batch by batch: a whole city need not fit in memory."""

    def __init__(self, bulk: Bulk, setting: _Setting) -> None:
        pack, seed, now, today = setting.pack, setting.seed, setting.now, setting.today
        places, township = setting.places, setting.model.division_code
        offers = Offers(setting.clinics, today)
        self._bulk = bulk
        self._setting = setting
        self._residents = PeopleLoader(
            bulk,
            seed=seed,
            now=now,
            today=today,
            township=township,
            apart=setting.cast.ids,
            segments={village.code: village.record_code for village in pack.villages},
        )
        self._signing = ContractMaker(pack, setting.teams_of, seed=seed, now=now, today=today)
        self._contracts = ContractLoader(bulk, pack, seed=seed)
        self._signatures = SignatureLoader(bulk, seed=seed)
        self._ordering = OrderMaker(pack, setting.model, seed=seed, today=today)
        self._orders = OrderLoader(bulk, seed=seed)
        self._past = PastBookings(bulk, pack, places, offers, seed=seed, today=today)
        self.coming = ComingBookings(bulk, places, offers, seed=seed, now=now, township=township)

    def load(self, people: Iterable[Household], tell: Callable[[int], None]) -> Order | None:
        """All of it but what is yet to come; returns the order of the demo's resident."""
        done = 0
        with self._bulk.bare("appointments_booking", "appointments_slot", "appointments_session"):
            order = self._load_cast()
            for batch in _batches(people, _BATCH):
                done += self._load_batch(batch)
                tell(done)
            self._past.load_slots()
        self._contracts.load_places(self._signing.taken.items())
        return order

    def _load_cast(self) -> Order | None:
        """The demo's people: the resident is signed and bought a pack, three others apply."""
        cast, team = self._setting.cast, self._setting.model
        self._residents.load(cast.households)
        contracts = self._signing.sign(cast.resident, team, _SIGNED_DAYS_AGO, renewed=True)
        signed = contracts[-1]
        for applicant, hours in zip(cast.applicants, _APPLIED_HOURS_AGO, strict=True):
            contracts += self._signing.wait(applicant, team, hours)
        sold = (pack for pack in self._setting.pack.packs if pack.payers.person_fen)
        pack = next((pack for pack in sold if pack.group == demo.ORDERED_GROUP), None)
        # So a service of each half and of each quarter of the pack's year falls due today.
        half = _half_a_term(self._setting.today)
        order = self._ordering.order(signed, pack, half) if pack else None
        self._write(contracts, [order] if order else [])
        self._signatures.load([(signed, self._contracts.text(signed))])
        seal_soon(self._bulk.session, signed.id)
        return order

    def _load_batch(self, batch: list[Household]) -> int:
        self._residents.load(batch)
        people = [person for household in batch for person in household.members]
        contracts = [c for person in people for c in self._signing.contracts(person)]
        self._write(contracts, list(self._ordering.orders(contracts)))
        self._past.load(people)
        self.coming.consider(people)
        return len(people)

    def _write(self, contracts: list[Contract], orders: list[Order]) -> None:
        self._contracts.load(contracts)
        self._orders.load(orders)
        unsigned = (each for each in contracts if each.state == "pending_signature")
        self._signatures.load((each, self._contracts.text(each)) for each in unsigned)


def _load_services(bulk: Bulk, setting: _Setting) -> None:
    rng = Random(f"{setting.seed}/habits")
    habits = [
        model_habit(team) if team is setting.model else habit(team, rng) for team in setting.teams
    ]
    load_promises(bulk, setting.pack)
    load_services(
        bulk, habits, setting.teams, seed=setting.seed, now=setting.now, today=setting.today
    )


def _half_a_term(today: date) -> int:
    """How many days ago a term of a year began that is half over today."""
    begun = today - timedelta(days=181)
    days = (term_end(begun, 1) - begun).days + 1
    return days // 2 - 1


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
