"""What this room needs from above: how the region refers its patients, which a pack supplies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from appointments.schemas import Direction


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
class ReferralRules:
    """Within which time a referral is answered, how long before its end that is recalled, and by
    what doctors decide.
    """

    answer_within: timedelta = timedelta(hours=48)
    remind_before: timedelta = timedelta(hours=12)
    criteria: Sequence[Criterion] = field(default=())

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
