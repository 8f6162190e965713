"""What the demo's team found at the follow-ups on blood pressure that its residents had: made up,
as the residents are. Every third resident's last one is out of control.
"""

import json
from datetime import timedelta
from itertools import groupby
from random import Random
from uuid import UUID

from core import clock, crypto
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.pack import RegionPack

_SERVICE, _FORM = "F01", "hypertension"
_GOOD = {"visit_way": "clinic", "sbp": 128, "dbp": 78, "adherence": "regular", "adr": "no"}
_HIGH = _GOOD | {"sbp": 152, "dbp": 96, "adherence": "intermittent"}
_EVERY = 3
_RECORDS = """
SELECT id, person_id, division_code, performed_at FROM service_packs_service_record
WHERE team_id = %(team)s AND item_code = %(service)s ORDER BY person_id, performed_at, id
"""
_COLUMNS = (
    "id", "service_record_id", "person_id", "team_id", "division_code", "item_code", "norm_code",
    "form_code", "form_version", "performed_at", "document", "computed", "result", "emergency",
    "referral", "next_on",
)  # fmt: skip


def load_follow_ups(bulk: Bulk, pack: RegionPack, team_id: UUID, *, seed: int) -> None:
    """A form for each record of the service that the team made."""
    form = next(each for each in pack.forms.forms if each.code == _FORM)
    norm = next(each for each in pack.norms.norms if each.form == _FORM)
    if norm.assessment is None:
        return
    ids = Identifiers(Random(f"{seed}/follow-ups"))
    records = bulk.rows(_RECORDS, {"team": team_id, "service": _SERVICE})
    rows = []
    for number, (_, group) in enumerate(groupby(records, key=lambda row: row[1])):
        visits = list(group)
        for record_id, person_id, division, at in visits:
            high = number % _EVERY == 0 and record_id == visits[-1][0]
            result = "uncontrolled" if high else norm.assessment.otherwise
            document = json.dumps(_HIGH if high else _GOOD)
            next_on = clock.local(at).date() + timedelta(days=norm.assessment.next_days[result])
            rows.append(
                (ids.new(), record_id, person_id, team_id, division, _SERVICE, norm.code,
                 form.code, form.version, at,
                 crypto.encrypt(document, "family_doctor_follow_up.document"),
                 result, result, False, False, next_on)
            )  # fmt: skip
    bulk.copy("family_doctor_follow_up", _COLUMNS, rows)
