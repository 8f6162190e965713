"""What the region packs plug into the portal: the loader, the map for the figures, and the rules
of referral.
"""

from datetime import timedelta

from flask import Flask

from appointments.public import Criterion, ReferralRules, provide_referral_rules
from appointments.schemas import Direction
from core.settings import Settings
from core.web.rooms import Room
from gov_stats.public import RegionMap, provide_map
from regions.pack import load_boundaries, load_referral_rules, load_region


def _install(app: Flask) -> None:
    chosen: Settings = app.config["SETTINGS"]
    note = load_region(chosen.region).map
    boundaries = load_boundaries(chosen.region)
    region_map = RegionMap(boundaries=boundaries, note=note.note, note_en=note.note_en)
    provide_map(lambda: region_map)
    provide_referral_rules(_referral_rules(chosen.region))


def _referral_rules(region: str) -> ReferralRules:
    rules = load_referral_rules(region)
    return ReferralRules(
        answer_within=timedelta(hours=rules.answer_hours),
        remind_before=timedelta(hours=rules.remind_hours_before),
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


room = Room(name="regions", commands={"region": "regions.commands:region"}, install=_install)
