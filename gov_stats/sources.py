"""Where the counts come from: what the other rooms say of a month, through their doors, and what
their events made of referrals.
"""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from appointments import public as appointments
from appointments.public import ReferralFlow
from appointments.schemas import Direction
from directory import public as directory
from family_doctor import public as family_doctor
from gov_stats import measures
from gov_stats.periods import Month
from gov_stats.queries import read_flows
from residents import public as residents
from service_packs import public as service_packs

# The first letter of the institution's class (WS 218).
CLASSES = {
    "A": measures.HOSPITALS,
    "B": measures.COMMUNITY_CENTRES,
    "C": measures.TOWNSHIP_CENTRES,
}


@dataclass
class Gathered:
    """Counts by measure and division code, and how many rows came from each source and place."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    flows: list[ReferralFlow] = field(default_factory=list)

    def add(self, source: str, division: str, **counts: int) -> None:
        """One row of a source."""
        self.rows[source] += 1
        self.places[division] += 1
        for measure, count in counts.items():
            self.count(measure, division, count)

    def count(self, measure: str, division: str, count: int) -> None:
        """Add to a measure."""
        self.counts.setdefault(measure, Counter())[division] += count

    def of(self, measure: str) -> Counter[str]:
        """The counts of a measure by division."""
        return self.counts.get(measure, Counter())


def gather(session: Session, month: Month) -> Gathered:
    """All counts of a month. What stands (contracts) is counted on its last day or today, what
    happened within it; residents and institutions always as they are now, for lack of a history.
    """
    gathered = Gathered()
    _people(gathered, measures.RESIDENTS, residents.population_facts(session))
    contracts = family_doctor.contract_facts(session, month.day_of_stock)
    _people(gathered, measures.CONTRACTS, contracts)
    _key_people(gathered, measures.RESIDENTS, measures.KEY_RESIDENTS)
    _key_people(gathered, measures.CONTRACTS, measures.KEY_CONTRACTS)
    _work(gathered, session, month)
    _institutions(gathered, session)
    return gathered


def _people(gathered: Gathered, measure: str, facts: list[tuple[str, str, int]]) -> None:
    for division, group, count in facts:
        name = measures.in_group(measure, group) if group else measure
        gathered.add(measure, division, **{name: count})


def _key_people(gathered: Gathered, everybody: str, key: str) -> None:
    """Everybody less the general group: somebody in several key groups counts once."""
    general = gathered.of(measures.in_group(everybody, measures.GENERAL_GROUP))
    for division, count in gathered.of(everybody).items():
        gathered.count(key, division, count - general[division])


def _work(gathered: Gathered, session: Session, month: Month) -> None:
    # The first room takes the last day included, the others the day after it.
    for division, due, done in family_doctor.fulfilment_facts(
        session, month.first_day, month.last_day
    ):
        gathered.add("fulfilment", division, due=due, done=done)
    span = month.first_day, month.next_first_day
    for division, booked, cancelled in appointments.booking_facts(session, *span):
        kept = booked - cancelled
        gathered.add("bookings", division, booked=booked, cancelled=cancelled, kept=kept)
    gathered.flows = read_flows(session, str(month))
    _referrals(gathered, gathered.flows)
    for division, orders, amount in service_packs.sales_facts(session, *span):
        gathered.add("orders", division, orders=orders, amount=amount)
    for division, recorded, confirmed, disputed in service_packs.service_facts(session, *span):
        gathered.add(
            "services", division, recorded=recorded, confirmed=confirmed, disputed=disputed
        )


def _referrals(gathered: Gathered, flows: list[ReferralFlow]) -> None:
    """Of those sent up also how they were answered; those sent down are counted alone."""
    for flow in flows:
        up = flow.direction == Direction.UP
        gathered.add(
            "referrals",
            flow.from_division,
            referred=flow.sent,
            referred_up=flow.sent if up else 0,
            referred_down=0 if up else flow.sent,
            up_in_time=flow.accepted if up else 0,
            up_declined=flow.declined if up else 0,
            up_lapsed=flow.lapsed if up else 0,
        )


def _institutions(gathered: Gathered, session: Session) -> None:
    for division, type_code, _level, beds, doctors, nurses in directory.institution_facts(session):
        gathered.add(
            "institutions", division, institutions=1, beds=beds, doctors=doctors, nurses=nurses
        )
        if kind := CLASSES.get(type_code[:1]):
            gathered.count(kind, division, 1)
