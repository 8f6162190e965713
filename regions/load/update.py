"""Bring a region's rules to a database that the region was loaded into before."""

from collections import Counter
from dataclasses import asdict

from sqlalchemy.orm import Session

from appointments.public import Brought, bring_conduct_rule, bring_rule
from core.access import Actor
from regions.booking_rules import hours
from regions.load.bulk import Bulk
from regions.load.clinics import conduct
from regions.load.norms import load_norms, load_prescription_rules
from regions.pack import RegionPack

_WORD = """
INSERT INTO appointments_symptom (word, specialty_code, diseases, urgent)
SELECT %(word)s, code, %(diseases)s, %(urgent)s FROM directory_specialty
WHERE code = %(specialty_code)s
ON CONFLICT (word, specialty_code) DO UPDATE
SET diseases = excluded.diseases, urgent = excluded.urgent
WHERE (appointments_symptom.diseases, appointments_symptom.urgent)
    <> (excluded.diseases, excluded.urgent)
"""


class NotLoaded(Exception):
    """The database has none of the region's institutions; nothing was changed."""


def update_region(session: Session, actor: Actor, pack: RegionPack) -> Counter[Brought]:
    """The pack's rules of booking, for the institutions that take bookings, and of conduct; and
    its words for symptoms, norms of follow-up and rule of renewing, which nobody administers.
    Answers how many rules were made, changed, kept as an administrator set them, or the same; run
    again, all are one of the last two.

    Holidays stay as they are: that an administrator removed one leaves no trace to heed. Raises
    NotLoaded.
    """
    bulk = Bulk(session)
    known = bulk.rows("SELECT code, id, bookable FROM directory_institution")
    bookable = {code: institution_id for code, institution_id, open_ in known if open_}
    if not {code for code, *_ in known} & {each.code for each in pack.institutions}:
        raise NotLoaded
    brought = Counter(
        bring_conduct_rule(session, actor, rule.code, conduct(rule)) for rule in pack.conduct_rules
    )
    rule = asdict(hours(pack.appointment_rules))
    brought.update(
        bring_rule(session, actor, bookable[each.code], rule)
        for each in pack.institutions
        if each.bookable and each.code in bookable
    )
    for symptom in pack.searched():
        bulk.run(_WORD, symptom.model_dump())
    load_norms(bulk, pack)
    load_prescription_rules(bulk, pack)
    return brought
