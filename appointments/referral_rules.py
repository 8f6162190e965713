"""What this room needs from above: how the region refers its patients, which a pack supplies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from appointments.schemas import Direction, Urgency


@dataclass(frozen=True)
class Criterion:
    """A line of the checklist; ``urgent`` ones want the emergency way. ``topic`` groups them."""

    code: str
    direction: Direction
    topic: str
    topic_en: str
    text: str
    text_en: str
    urgent: bool = False


@dataclass(frozen=True)
class Haste:
    """Within which time a referral of some urgency is answered, and how long before its end that
    is recalled.
    """

    answer_within: timedelta
    remind_before: timedelta


USUAL = Haste(timedelta(hours=48), timedelta(hours=12))


@dataclass(frozen=True)
class ReferralRules:
    """Within which time a referral is answered, by its urgency; within which another time is found
    for a patient whose visit fell away; after which time one who was to come without a place has
    not come; and by what doctors decide.
    """

    usual: Haste = USUAL
    by_urgency: Mapping[Urgency, Haste] = field(default_factory=dict)
    rebook_within: timedelta = timedelta(hours=72)
    come_within: timedelta = timedelta(hours=48)
    criteria: Sequence[Criterion] = field(default=())

    def haste(self, urgency: str) -> Haste:
        """How soon one of this urgency is answered."""
        return self.by_urgency.get(Urgency(urgency), self.usual)

    def of(self, direction: Direction) -> list[Criterion]:
        """The checklist of a direction."""
        return [each for each in self.criteria if each.direction is direction]


_rules = ReferralRules()


def provide_referral_rules(rules: ReferralRules) -> None:
    """Make these the region's rules of referral."""
    global _rules
    _rules = rules


def referral_rules() -> ReferralRules:
    """The region's rules; without a region an empty checklist and the usual 48 hours."""
    return _rules


def answer_hours() -> dict[Urgency, float]:
    """Within how many hours a referral is answered."""
    rules = referral_rules()
    return {each: rules.haste(each).answer_within.total_seconds() / 3600 for each in Urgency}
