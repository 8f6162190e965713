"""Referrals by institution, under disclosure control: the institutions are leaves of the tree of
divisions, so that no total of a division gives away one that is hidden. Pure.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, TypeAlias
from uuid import UUID

from appointments.public import ReferralFlow
from appointments.schemas import Direction
from core.disclosure import SMALLEST_SHOWN, Tree, roll_up
from gov_stats import measures
from gov_stats.measures import hidden_in

# The one node above all, where no division is shown.
REGION = "region"
Hidden: TypeAlias = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An institution where it stands."""

    division: str
    institution_id: UUID

    @property
    def code(self) -> str:
        """As a leaf of the tree."""
        return f"{self.division}/{self.institution_id}"


@dataclass(frozen=True)
class Counts:
    """Counts by measure and place, with the minutes of first answers."""

    by_measure: dict[str, Counter[Place]] = field(default_factory=dict)
    minutes: dict[Place, list[int]] = field(default_factory=dict)

    def add(self, place: Place, **counts: int) -> None:
        """Of one flow."""
        for measure, count in counts.items():
            self.by_measure.setdefault(measure, Counter())[place] += count

    @property
    def places(self) -> set[Place]:
        """All that were counted."""
        return {place for counter in self.by_measure.values() for place in counter}

    def hidden_below(self, tree: Tree, guards: Mapping[str, Sequence[measures.Sum]]) -> Hidden:
        """Where in the tree and its institutions the measures must not be shown."""
        leaves = {place.code: place.division for place in self.places}
        return self._hidden(Tree({**tree.parents, **leaves}), guards)

    def hidden_alone(self, guards: Mapping[str, Sequence[measures.Sum]]) -> Hidden:
        """The same where the divisions are not shown: only the total of all is known."""
        leaves = {place.code: REGION for place in self.places}
        return self._hidden(Tree({REGION: None, **leaves}), guards)

    def _hidden(self, wide: Tree, guards: Mapping[str, Sequence[measures.Sum]]) -> Hidden:
        totals = {
            measure: roll_up(
                wide,
                {place.code: count for place, count in self.by_measure.get(measure, {}).items()},
            )
            for measure in guards
        }
        return hidden_in(wide, totals, guards)


class Houses:
    """What the institutions sent and received in a month."""

    def __init__(self, tree: Tree, flows: Sequence[ReferralFlow]) -> None:
        self._tree = tree
        self._sent, self._received = Counts(), Counts()
        for flow in flows:
            self._count(flow)
        self.senders = self._sent.hidden_below(tree, measures.SENDERS)
        self._receivers = self._received.hidden_alone(measures.RECEIVERS)

    def _count(self, flow: ReferralFlow) -> None:
        up = flow.direction == Direction.UP
        self._sent.add(
            Place(flow.from_division, flow.from_institution_id),
            referred=flow.sent,
            referred_up=flow.sent if up else 0,
        )
        receiver = Place(flow.to_division, flow.to_institution_id)
        self._received.add(
            receiver,
            received=flow.sent,
            received_in_time=flow.accepted,
            received_seen=flow.completed,
        )
        self._received.minutes.setdefault(receiver, []).extend(flow.minutes)

    def rows(self) -> Iterator[dict[str, Any]]:
        """What may be stored of each institution of the region: nothing that is hidden."""
        for place in sorted(self._sent.places | self._received.places):
            if place.division in self._tree.parents:
                yield {
                    "institution_id": place.institution_id,
                    "division_code": place.division,
                    **self._sent_by(place),
                    **self._received_by(place),
                }

    def _sent_by(self, place: Place) -> dict[str, int | None]:
        sent = self._shown(self._sent, self.senders, measures.REFERRED, place)
        up = self._shown(self._sent, self.senders, measures.REFERRED_UP, place)
        down = None if up is None or sent is None else sent - up
        return {"sent": sent, "sent_up": up, "sent_down": down}

    def _received_by(self, place: Place) -> dict[str, Any]:
        received, in_time, seen = (
            self._shown(self._received, self._receivers, measure, place)
            for measure in measures.RECEIVERS
        )
        minutes = self._received.minutes.get(place, [])
        told = received is not None and len(minutes) >= SMALLEST_SHOWN
        return {
            "received": received,
            "in_time": in_time,
            "completed": seen,
            "median_hours": round(median(minutes) / 60, 1) if told else None,
        }

    @staticmethod
    def _shown(counts: Counts, hidden: Hidden, measure: str, place: Place) -> int | None:
        # One that counts nothing at all is no leaf, and is hidden as any count under five.
        count = counts.by_measure.get(measure, Counter())[place]
        return None if place.code in hidden[measure] or count < SMALLEST_SHOWN else count
