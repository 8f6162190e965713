"""How an institution takes bookings, for those who set it."""

from datetime import time
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, computed_field, field_validator

from appointments.schemas.bookings import Kind, View
from appointments.schemas.wall_time import WallTime
from core.messages import N_
from directory.schemas.administration import AtVersion, Command

Percent = Annotated[int, Field(ge=0, le=100)]
# Minutes of a day.
A_DAY = 24 * 60
# No rule looks further ahead.
FURTHEST_DAYS = 60
HorizonDays = Annotated[int, Field(ge=1, le=FURTHEST_DAYS)]


class KindRule(BaseModel):
    """What differs for a kind of clinic."""

    model_config = ConfigDict(extra="forbid")

    horizon_days: HorizonDays | None = None
    release_time: WallTime | None = None

    @property
    def stored(self) -> dict[str, object]:
        """As the rule's column keeps it: only what differs."""
        days = {} if self.horizon_days is None else {"horizon_days": self.horizon_days}
        at = {} if self.release_time is None else {"release_time": f"{self.release_time:%H:%M}"}
        return {**days, **at}


class _Limits(BaseModel):
    """All limits of an institution's rule, under the names of its columns."""

    horizon_days: HorizonDays
    release_time: WallTime
    by_kind: dict[Kind, KindRule] = {}
    cancel_days: Annotated[int, Field(ge=0, le=30)]
    cancel_time: WallTime
    day_limit: Annotated[int, Field(ge=1, le=20)]
    active_limit: Annotated[int, Field(ge=1, le=50)]
    proxies_limit: Annotated[int, Field(ge=0, le=50)]
    family_doctor_share: Percent
    referral_share: Percent
    onsite_share: Percent
    elderly_share: Percent
    elderly_age: Annotated[int, Field(ge=0, le=120)]
    reserved_hours: Annotated[int, Field(ge=0, le=720)]
    hold_minutes: Annotated[int, Field(ge=1, le=120)]
    waitlist_limit: Annotated[int, Field(ge=0, le=20)]
    offer_minutes: Annotated[int, Field(ge=1, le=240)]
    quiet_from: WallTime | None = None
    quiet_until: Annotated[WallTime | None, Field(validate_default=True)] = None
    no_show_max: Annotated[int, Field(ge=1, le=50)]
    no_show_days: Annotated[int, Field(ge=1, le=730)]
    suspend_days: Annotated[int, Field(ge=1, le=730)]
    late_cancel_percent: Percent
    early_minutes: Annotated[int, Field(ge=0, le=480)]
    grace_minutes: Annotated[int, Field(ge=0, le=480)]
    recall_max: Annotated[int, Field(ge=0, le=9)]
    skip_behind: Annotated[int, Field(ge=1, le=50)]
    queue_minutes: Annotated[int, Field(ge=0, le=240)]
    queue_rate: Annotated[int, Field(ge=1, le=1000)]
    slot_minutes: Annotated[int, Field(ge=5, le=60)]
    morning_from: WallTime
    morning_until: WallTime
    afternoon_from: WallTime
    afternoon_until: WallTime
    # After what it is held against.
    close_minutes: Annotated[int, Field(ge=0, le=1440)]


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


class UsualRules(_Limits):
    """The limits that an institution begins with."""

    @field_validator("active_limit")
    @classmethod
    def _not_below_a_day(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("day_limit", 0):
            raise ValueError(N_("不能少于每天的次数。"))
        return value

    @field_validator("elderly_share")
    @classmethod
    def _at_most_all(cls, value: int, info: ValidationInfo) -> int:
        others = ("family_doctor_share", "referral_share", "onsite_share")
        if value + sum(info.data.get(name, 0) for name in others) > 100:
            raise ValueError(N_("各类预留加起来不能超过百分之一百。"))
        return value

    @field_validator("quiet_until")
    @classmethod
    def _from_and_until(cls, value: time | None, info: ValidationInfo) -> time | None:
        if "quiet_from" not in info.data:  # is itself no time
            return value
        begins = info.data["quiet_from"]
        if (begins is None) != (value is None):
            raise ValueError(N_("开始和结束要么都填，要么都不填。"))
        if value is not None and value == begins:
            raise ValueError(N_("开始和结束不能是同一时间。"))
        return value

    @field_validator("close_minutes")
    @classmethod
    def _after_the_release(cls, value: int, info: ValidationInfo) -> int:
        known = info.data
        if not {"horizon_days", "release_time", "by_kind", "morning_from"} <= known.keys():
            return value  # what it is held against is itself wrong
        usual = KindRule(horizon_days=known["horizon_days"], release_time=known["release_time"])
        for own in (usual, *known["by_kind"].values()):
            released = _minutes(own.release_time or known["release_time"])
            days = own.horizon_days or known["horizon_days"]
            # The first visit of the day is the one that closes first.
            if days * A_DAY + _minutes(known["morning_from"]) - value <= released:
                raise ValueError(
                    N_(
                        "有的号还没到放号时间就已截止。"
                        "请减少截止分钟，或把放号时间提早、提前天数加多（“按类型”里的也算）。"
                    )
                )
        return value

    @field_validator("morning_until", "afternoon_from", "afternoon_until")
    @classmethod
    def _in_order(cls, value: time, info: ValidationInfo) -> time:
        hours = ("morning_from", "morning_until", "afternoon_from", "afternoon_until")
        before = hours[hours.index(str(info.field_name)) - 1]
        earliest = info.data.get(before)
        # The afternoon may begin when the morning ends.
        together = before == "morning_until"
        if earliest and (value < earliest if together else value <= earliest):
            raise ValueError(N_("时间要晚于前一项。"))
        return value


class ChangeRules(UsualRules, Command):
    """All limits anew, made on ``version``. Sessions that are open keep what they were opened
    with.
    """

    version: AtVersion


class RulesView(_Limits, View):
    """An institution's rule; ``public_share`` is what no other pool is given."""

    institution_id: UUID
    version: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def public_share(self) -> int:
        """Percent of a session's places that anybody can book."""
        reserved = self.family_doctor_share + self.referral_share
        return 100 - reserved - self.onsite_share - self.elderly_share
