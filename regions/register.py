"""What the region packs plug into the portal: the loader, the map for the figures, and the rules
of booking and of referral.
"""

from dataclasses import asdict
from datetime import timedelta

from flask import Flask

from appointments.public import (
    Criterion,
    Haste,
    ReferralRules,
    ThingToBring,
    provide_referral_rules,
    provide_usual_rules,
    provide_what_to_bring,
)
from appointments.schemas import Direction, Kind, Urgency, UsualRules
from core.settings import Settings
from core.web.rooms import Room
from gov_stats.public import RegionMap, provide_map
from regions import facts
from regions.booking_rules import hours
from regions.pack import (
    load_appointment_rules,
    load_boundaries,
    load_referral_rules,
    load_region,
    load_what_to_bring,
)


def _install(app: Flask) -> None:
    chosen: Settings = app.config["SETTINGS"]
    note = load_region(chosen.region).map
    boundaries = load_boundaries(chosen.region)
    region_map = RegionMap(boundaries=boundaries, note=note.note, note_en=note.note_en)
    provide_map(lambda: region_map)
    usual = hours(load_appointment_rules(chosen.region))
    provide_usual_rules(UsualRules.model_validate(asdict(usual)))
    provide_referral_rules(_referral_rules(chosen.region))
    provide_what_to_bring(_what_to_bring(chosen.region))


def _referral_rules(region: str) -> ReferralRules:
    rules = load_referral_rules(region)
    return ReferralRules(
        usual=_haste(rules),
        by_urgency={
            Urgency.URGENT: _haste(rules.urgent),
            Urgency.EMERGENCY: _haste(rules.emergency),
        },
        rebook_within=timedelta(hours=rules.rebook_hours),
        come_within=timedelta(hours=rules.come_hours),
        criteria=[
            Criterion(
                code=each.code,
                direction=Direction(each.direction),
                topic=each.topic,
                topic_en=each.topic_en,
                text=each.text,
                text_en=each.text_en,
                urgent=each.urgent,
            )
            for each in rules.criteria
        ],
    )


def _what_to_bring(region: str) -> list[ThingToBring]:
    return [
        ThingToBring(
            kinds=frozenset(Kind) if "all" in each.kinds else frozenset(map(Kind, each.kinds)),
            text=each.text,
            text_en=each.text_en,
        )
        for each in load_what_to_bring(region).items
    ]


def _haste(rules: facts.ReferralRules | facts.ReferralHaste) -> Haste:
    return Haste(
        answer_within=timedelta(hours=rules.answer_hours),
        remind_before=timedelta(hours=rules.remind_hours_before),
    )


room = Room(name="regions", commands={"region": "regions.commands:region"}, install=_install)
