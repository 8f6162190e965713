"""A year of contracts with family-doctor teams: who signed, renewed, left, was refused or waits."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from core import clock, crypto
from family_doctor.public import Terms, compose, digest, term_end
from family_doctor.schemas import RuleValues
from regions.chance import Even
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.catalogue import basic_pack
from regions.load.organisation import Team
from regions.pack import RegionPack
from regions.population import SyntheticPerson

# Shares of the residents under contract: 45 % of all, 73 % of those in a key group.
KEY_SHARE, GENERAL_SHARE = 0.73, 0.31
_GENERAL_GROUP = "10"
_RENEWED = 0.7
# Of those who signed again, who renewed without a day between.
_IN_A_ROW = 0.4
# Shares of the residents without a contract in force.
_LEFT, _LAPSED, _REFUSED, _WITHDRAWN = 0.02, 0.03, 0.01, 0.008
_WAITING, _UNSIGNED = 0.004, 0.002
_CHANNELS = ("on_site", "portal", "wechat_share", "card", "invitation", "agent")
_CHANNEL_WEIGHTS = (50, 22, 12, 8, 5, 3)
_LEAVING = ("moved", "own_wish", "changed_team", "lost_contact")
_REFUSAL = "您居住的村（社区）由另一个团队负责，请就近选择（示例）。"
_YEAR = timedelta(days=365)
_DAYBREAK = time(0, 15)  # when the calendar moves contracts on

_CONTRACT = (
    "id", "person_id", "team_id", "institution_id", "division_code", "channel", "state",
    "pack_code", "pack_name", "pack_name_en", "price_fen", "public_health_fen", "insurance_fen",
    "person_fen", "applied_at", "accepted_at", "signed_at", "starts_on", "ends_on", "ended_at",
    "end_reason", "end_note", "agreement_text", "agreement_digest", "term_years", "waits_until",
    "agreement_text_id", "agreement_items", "kind", "previous_id",
)  # fmt: skip
_TRANSITION = (
    "id", "contract_id", "at", "actor_name", "from_state", "to_state", "reason",
)  # fmt: skip
# The wording that came with the portal.
_FIRST_TEXT = """
SELECT id FROM family_doctor_agreement_text WHERE group_code IS NULL ORDER BY version LIMIT 1
"""
_IN_FORCE = ("active", "expiring")
_HOLDING = ("pending_signature", *_IN_FORCE)


def load_contract_rules(bulk: Bulk, pack: RegionPack) -> None:
    """The region's capacity, terms and deadlines; institutions begin without rules of their own."""
    ids, rules = Identifiers(Random(f"{pack.region.code}/contract-rules")), pack.contract_rules
    names = tuple(RuleValues.model_fields)
    bulk.copy(
        "family_doctor_rule",
        ("id", "division_code", "estimate", *names),
        [(ids.new(), pack.region.code, rules.estimate, *(getattr(rules, n) for n in names))],
    )


@dataclass(slots=True)
class Step:
    """A line of a contract's history; nobody's name is the calendar's."""

    at: datetime
    name: str
    state: str
    reason: str | None = None


@dataclass(slots=True)
class Contract:
    """A contract on its way to the state of its last step."""

    id: UUID
    person: SyntheticPerson
    team: Team
    channel: str
    steps: list[Step] = field(default_factory=list)
    accepted_at: datetime | None = None
    signed_at: datetime | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    note: str | None = None
    previous_id: UUID | None = None

    @property
    def state(self) -> str:
        """Where it stands."""
        return self.steps[-1].state

    @property
    def in_force(self) -> bool:
        """Whether the team owes services."""
        return self.state in _IN_FORCE

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, if it has."""
        return self.steps[-1].at if self.steps[-1].reason else None


class ContractMaker:
    """Makes up contracts of people with the teams that serve their village."""

    def __init__(
        self,
        pack: RegionPack,
        teams_of: dict[str, list[Team]],
        *,
        seed: int,
        now: datetime,
        today: date,
    ) -> None:
        self._rules = pack.contract_rules
        self._teams_of = teams_of
        self._now = now
        self._today = today
        self._rng = Random(f"{seed}/contracts")
        self._ids = Identifiers(Random(f"{seed}/contract-ids"))
        self._signs = Even(self._rng), Even(self._rng)
        self._kinds = [
            (Even(self._rng), share, kind)
            for share, kind in (
                (_LEFT, self.leave),
                (_LAPSED, self.lapse),
                (_REFUSED, self.refuse),
                (_WITHDRAWN, self.withdraw),
                (_WAITING, self.wait),
                (_UNSIGNED, self.leave_unsigned),
            )
        ]
        # Of its own, so that it leaves all else as it was drawn.
        self._renews = Even(Random(f"{seed}/renewals"))
        self.taken: Counter[UUID] = Counter()

    def contracts(self, person: SyntheticPerson) -> list[Contract]:
        """What a person has signed in the last year and before, oldest first; mostly nothing."""
        team = self._rng.choice(self._teams_of[person.village_code])
        general = person.groups == (_GENERAL_GROUP,)
        signs = self._signs[general].takes(GENERAL_SHARE if general else KEY_SHARE)
        if signs and self.taken[team.id] < team.capacity:
            days_ago = self._rng.randint(1, _YEAR.days - 2)
            return self.sign(person, team, days_ago, renewed=self._rng.random() < _RENEWED)
        for even, share, kind in self._kinds:
            if even.takes(share):
                return kind(person, team)
        return []

    def sign(
        self, person: SyntheticPerson, team: Team, days_ago: int, *, renewed: bool
    ) -> list[Contract]:
        """A contract in force since ``days_ago``; ``renewed`` after one of the year before."""
        starts_on = max(self._today - timedelta(days=days_ago), person.birth_date)
        contract = self._signed(person, team, starts_on)
        self.taken[team.id] += 1
        if not renewed:
            return [contract]
        first_day = _years_before(clock.local(contract.steps[0].at).date(), 1)
        if first_day < person.birth_date:
            return [contract]
        before = self._expired(person, team, first_day)
        if self._renews.takes(_IN_A_ROW):
            self._renew(before, contract)
        return [before, contract]

    def lapse(self, person: SyntheticPerson, team: Team) -> list[Contract]:
        """A contract that ran out in the last year and was not renewed."""
        days_ago = self._rng.randint(_YEAR.days + 5, 2 * _YEAR.days - 5)
        starts_on = self._today - timedelta(days=days_ago)
        if starts_on < person.birth_date:
            return []
        return [self._expired(person, team, starts_on)]

    def leave(self, person: SyntheticPerson, team: Team) -> list[Contract]:
        """A contract that was terminated in its term."""
        days_ago = self._rng.randint(40, _YEAR.days - 40)
        starts_on = self._today - timedelta(days=days_ago)
        if starts_on < person.birth_date:
            return []
        contract = self._signed(person, team, starts_on)
        del contract.steps[3:]
        left = self._moment(starts_on + timedelta(days=self._rng.randint(20, days_ago - 1)))
        contract.steps.append(Step(left, person.name, "terminated", self._rng.choice(_LEAVING)))
        return [contract]

    def refuse(self, person: SyntheticPerson, team: Team) -> list[Contract]:
        """An application that the team turned down."""
        contract = self._applied(person, team, self._any_day())
        leader = team.members[0].name
        contract.note = _REFUSAL
        contract.steps.append(Step(self._later(contract, 3), leader, "rejected", "rejected"))
        return [contract]

    def withdraw(self, person: SyntheticPerson, team: Team) -> list[Contract]:
        """An application that the resident took back."""
        contract = self._applied(person, team, self._any_day())
        contract.steps.append(Step(self._later(contract, 2), person.name, "cancelled", "withdrawn"))
        return [contract]

    def wait(self, person: SyntheticPerson, team: Team, hours_ago: int = 0) -> list[Contract]:
        """An application that waits for the team."""
        hours = hours_ago or self._rng.randint(1, (self._rules.answer_days - 1) * 24)
        contract = self._contract(person, team, self._now - timedelta(hours=hours))
        return [contract]

    def leave_unsigned(self, person: SyntheticPerson, team: Team) -> list[Contract]:
        """An accepted application whose agreement the resident has not confirmed."""
        if self.taken[team.id] >= team.capacity:
            return []
        contract = self._contract(person, team, self._now - timedelta(hours=60))
        contract.accepted_at = self._now - timedelta(hours=self._rng.randint(1, 50))
        contract.steps.append(Step(contract.accepted_at, team.members[0].name, "pending_signature"))
        self.taken[team.id] += 1
        return [contract]

    def _renew(self, before: Contract, contract: Contract) -> None:
        """The one follows the other: its term begins the day after."""
        if contract.starts_on is None:
            raise ValueError("a signed contract has a term")
        before.starts_on = _years_before(contract.starts_on, self._rules.term_years)
        before.ends_on = term_end(before.starts_on, self._rules.term_years)
        at = self._daybreak(contract.starts_on)
        before.steps[-1] = Step(at, "", "renewed", "renewed")
        contract.previous_id = before.id

    def _any_day(self) -> date:
        return self._today - timedelta(days=self._rng.randint(10, _YEAR.days))

    def _contract(self, person: SyntheticPerson, team: Team, at: datetime) -> Contract:
        channel = self._rng.choices(_CHANNELS, _CHANNEL_WEIGHTS)[0]
        first = Step(at, person.name, "applied")
        return Contract(self._ids.new(), person, team, channel, [first])

    def _applied(self, person: SyntheticPerson, team: Team, day: date) -> Contract:
        return self._contract(person, team, self._moment(max(day, person.birth_date)))

    def _signed(self, person: SyntheticPerson, team: Team, starts_on: date) -> Contract:
        """In force from ``starts_on``, applied for a few days earlier."""
        days = [self._rng.choice((0, 0, 1, 2)) for _ in range(2)]
        accepted_on = starts_on - timedelta(days=days[0])
        applied_on = max(accepted_on - timedelta(days=days[1]), person.birth_date)
        # Two hours each: what happens on one day happens in this order.
        contract = self._contract(person, team, self._moment(applied_on, 8, 9))
        contract.accepted_at = self._moment(max(accepted_on, applied_on), 10, 13)
        contract.signed_at = self._moment(starts_on, 14, 17)
        contract.starts_on = starts_on
        contract.ends_on = term_end(starts_on, self._rules.term_years)
        contract.steps += [
            Step(contract.accepted_at, team.members[0].name, "pending_signature"),
            Step(contract.signed_at, person.name, "active"),
        ]
        near_end = contract.ends_on - timedelta(days=self._rules.expiring_days)
        if near_end <= self._today:
            contract.steps.append(Step(self._daybreak(near_end), "", "expiring"))
        return contract

    def _expired(self, person: SyntheticPerson, team: Team, starts_on: date) -> Contract:
        contract = self._signed(person, team, starts_on)
        last_day = contract.ends_on or starts_on
        at = self._daybreak(last_day + timedelta(days=1))
        contract.steps.append(Step(at, "", "expired", "expired"))
        return contract

    def _moment(self, day: date, first: int = 8, last: int = 19) -> datetime:
        """A time of day between two hours, never later than now."""
        moment = clock.at(day, self._rng.randint(first, last), self._rng.randrange(60))
        return min(moment, self._now)

    def _daybreak(self, day: date) -> datetime:
        return min(clock.at(day, _DAYBREAK.hour, _DAYBREAK.minute), self._now)

    def _later(self, contract: Contract, days: int) -> datetime:
        return contract.steps[-1].at + timedelta(minutes=self._rng.randint(30, days * 24 * 60))


class ContractLoader:
    """Writes contracts, their history, and what people are entitled to by them."""

    def __init__(self, bulk: Bulk, pack: RegionPack, *, seed: int) -> None:
        self._bulk = bulk
        self._basic = basic_pack(pack)
        self._rules = pack.contract_rules
        items = {item.code: item.name for item in pack.service_items}
        self._items = [(items[each.item], each.times) for each in self._basic.items]
        self._text_id = bulk.rows(_FIRST_TEXT)[0][0]
        self._ids = Identifiers(Random(f"{seed}/contract-rows"))

    def load(self, contracts: Sequence[Contract]) -> None:
        """These contracts."""
        self._bulk.copy("family_doctor_contract", _CONTRACT, map(self._contract, contracts))
        self._bulk.copy(
            "family_doctor_contract_transition",
            _TRANSITION,
            (row for contract in contracts for row in self._history(contract)),
        )
        self._bulk.copy(
            "service_packs_entitlement",
            ("id", "person_id", "division_code", "pack_code", "source", "source_id", "team_id",
             "starts_on", "ends_on", "created_at", "ended_at"),
            (
                (self._ids.new(), c.person.id, c.person.division_code, self._basic.code, "contract",
                 c.id, c.team.id, c.starts_on, c.ends_on, c.signed_at, c.ended_at)
                for c in contracts
                if c.signed_at
            ),
        )  # fmt: skip

    def load_places(self, taken: Iterable[tuple[UUID, int]]) -> None:
        """How many places of each team are taken."""
        self._bulk.copy("family_doctor_team_load", ("team_id", "taken"), taken)

    def _contract(self, contract: Contract) -> tuple[object, ...]:
        basic, payers = self._basic, self._basic.payers
        text = self.text(contract) if contract.accepted_at else None
        return (
            contract.id,
            contract.person.id,
            contract.team.id,
            contract.team.institution_id,
            contract.person.division_code,
            contract.channel,
            contract.state,
            basic.code,
            basic.name,
            basic.name_en,
            basic.real_price_fen,
            payers.public_health_fen,
            payers.insurance_fen,
            payers.person_fen,
            contract.steps[0].at,
            contract.accepted_at,
            contract.signed_at,
            contract.starts_on,
            contract.ends_on,
            contract.ended_at,
            contract.steps[-1].reason,
            _sealed(contract.note, "family_doctor_contract.end_note"),
            _sealed(text, "family_doctor_contract.agreement_text"),
            digest(text) if text else None,
            self._rules.term_years,
            self._waits_until(contract),
            self._text_id if text else None,
            json.dumps(self._items, ensure_ascii=False) if text else None,
            "renewal" if contract.previous_id else "new",
            contract.previous_id,
        )

    def _waits_until(self, contract: Contract) -> datetime | None:
        if contract.state == "applied":
            return contract.steps[-1].at + timedelta(days=self._rules.answer_days)
        if contract.state == "pending_signature":
            return contract.steps[-1].at + timedelta(days=self._rules.confirm_days)
        return None

    def _history(self, contract: Contract) -> Iterator[tuple[object, ...]]:
        before = None
        for step in contract.steps:
            yield (
                self._ids.new(), contract.id, step.at, step.name, before, step.state, step.reason,
            )  # fmt: skip
            before = step.state

    def text(self, contract: Contract) -> str:
        """What the two sides agreed on."""
        payers = self._basic.payers
        return compose(
            Terms(
                contract_id=str(contract.id),
                resident=contract.person.name,
                team=contract.team.name,
                institution=contract.team.institution_name,
                pack=self._basic.name,
                price_fen=self._basic.real_price_fen,
                public_health_fen=payers.public_health_fen,
                insurance_fen=payers.insurance_fen,
                person_fen=payers.person_fen,
                items=self._items,
                years=self._rules.term_years,
                written_on=clock.local(contract.accepted_at or contract.steps[0].at).date(),
            )
        )


def _sealed(text: str | None, context: str) -> bytes | None:
    return crypto.encrypt(text, context) if text else None


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 2, 28)
