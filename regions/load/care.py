"""What the demo's team has beside its services: results of follow-ups, health checks that speak for
a label, long-term medicines with requests to renew them, and disputes about contracts. A few
rows each, all marked as made up.
"""

import json
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from random import Random
from uuid import UUID

from core import clock, crypto
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.organisation import Team
from regions.pack import RegionPack
from regions.population import SyntheticPerson

_FOLLOW_UPS, _DISPUTES, _PROPOSED = 40, 4, 2
_FOLLOW_UP_COLUMNS = (
    "id", "service_record_id", "person_id", "team_id", "division_code", "item_code",
    "norm_code", "form_code", "form_version", "performed_at", "document", "computed",
    "result", "emergency", "referral", "next_on",
)  # fmt: skip
_USUAL_FORMS = {"F01": "hypertension", "F02": "diabetes"}
_GOOD: dict[str, dict[str, object]] = {
    "F01": {"visit_way": "clinic", "sbp": 128, "dbp": 78, "adherence": "regular", "adr": "no"},
    "F02": {"visit_way": "clinic", "sbp": 126, "dbp": 76, "fpg": 6.2, "adherence": "regular"},
}
_HIGH: dict[str, dict[str, object]] = {"F01": {"sbp": 152, "dbp": 94}, "F02": {"fpg": 9.1}}
_NEXT_DAYS = {"controlled": 90, "uncontrolled": 14}
_HIGH_GLUCOSE: dict[str, object] = {
    "pulse": 74, "sbp": 134, "dbp": 82, "height": 162.0, "weight": 71.5, "fpg": 7.6,
}  # fmt: skip
# Checks of signed residents who are not followed up for diabetes. The rule of screening asks for
# two days within a year, from 35 years on.
_CHECKS = """
SELECT record.person_id, record.id, record.division_code, record.item_code, record.performed_at
FROM service_packs_service_record AS record
JOIN residents_person AS person ON person.id = record.person_id
WHERE record.team_id = %(team)s AND record.item_code IN ('F03', 'S07')
    AND record.state <> 'withdrawn' AND record.performed_at > %(since)s
    AND person.birth_date < %(born)s AND person.id <> %(resident)s
    AND EXISTS (
        SELECT FROM family_doctor_contract AS signed
        WHERE signed.person_id = person.id AND signed.team_id = record.team_id
            AND signed.state = 'active')
    AND NOT EXISTS (
        SELECT FROM residents_group_membership AS held
        WHERE held.person_id = person.id AND held.group_code = '05')
ORDER BY record.person_id, record.performed_at, record.id
"""
_RECORDS = """
SELECT id, person_id, division_code, item_code, performed_at FROM service_packs_service_record
WHERE team_id = %(team)s AND item_code IN ('F01', 'F02') AND state <> 'withdrawn'
ORDER BY person_id = %(resident)s DESC, performed_at DESC, id LIMIT %(most)s
"""
_SIGNED = """
SELECT id, person_id, division_code FROM family_doctor_contract
WHERE team_id = %(team)s AND state = 'active' AND person_id <> %(resident)s
    AND starts_on < %(long_ago)s
ORDER BY id LIMIT %(most)s
"""
# Name, class, dose, and for how many days the supply at hand lasts.
_MEDICINES = (
    ("苯磺酸氨氯地平片（示例）", "antihypertensive", "每天早上 1 片", 4),
    ("阿托伐他汀钙片（示例）", "lipid_lowering", "每晚 1 片", 6),
    ("门冬胰岛素注射液（示例）", "special_storage", "三餐前注射，按医嘱剂量", 12),
)
# By state, how many days ago they were opened.
_DISPUTE_AGES = {"open": 1, "answered": 4, "dismissed": 30, "escalated": 20}
_WRITTEN = "签约三个月，还没有人联系过我（示例）。"
_ANSWER = "已安排护士本周上门，并补做健康评估（示例）。"
_DECISION = "团队已补上服务，记录齐全（示例）。"


class CareLoader:
    """Writes them for the team of the demo's leader and its resident."""

    def __init__(
        self, bulk: Bulk, pack: RegionPack, team: Team, resident: SyntheticPerson, *, seed: int
    ) -> None:
        self._bulk = bulk
        self._rules = pack.contract_rules
        self._region = pack.region
        self._renewing = pack.prescription_rules
        self._forms = {form.code: form.version for form in pack.forms.forms}
        self._norms = {norm.item: norm.code for norm in pack.norms.norms if norm.form}
        self._team = team
        self._doctor = team.members[0].name
        self._resident_id = resident.id
        self._resident_name = resident.name
        self._ids = Identifiers(Random(f"{seed}/care"))

    def load(self, now: datetime) -> list[UUID]:
        """All of it. Returns whose records speak for a label."""
        self._load_follow_ups()
        spoken_for = self._load_checks(now)
        self._load_medicines(now)
        self._load_disputes(now)
        return spoken_for

    def _load_checks(self, now: datetime) -> list[UUID]:
        """High fasting glucose at two checks of a few residents."""
        today = clock.local(now).date()
        rows = self._bulk.rows(
            _CHECKS,
            {"team": self._team.id, "resident": self._resident_id,
             "since": now - timedelta(days=360), "born": today - timedelta(days=36 * 366)},
        )  # fmt: skip
        checks = {person: list(found) for person, found in groupby(rows, itemgetter(0))}
        chosen = [
            person
            for person, found in checks.items()
            if len({clock.local(at).date() for *_, at in found}) > 1
        ][:_PROPOSED]
        self._bulk.copy(
            "family_doctor_follow_up",
            _FOLLOW_UP_COLUMNS,
            (
                self._result(
                    record, person, division, item, at, "health_check", _HIGH_GLUCOSE, "done", None
                )
                for chose in chosen
                for person, record, division, item, at in checks[chose]
            ),
        )
        return chosen

    def _load_follow_ups(self) -> None:
        """Of the last services; the resident is in control, of the others every second was not at
        their last one.
        """
        records = self._bulk.rows(
            _RECORDS,
            {"team": self._team.id, "resident": self._resident_id, "most": _FOLLOW_UPS},
        )
        last = {(person, item): record for record, person, _, item, _ in reversed(records)}
        others = [record for (person, _), record in last.items() if person != self._resident_id]
        out = set(others[::2])
        self._bulk.copy(
            "family_doctor_follow_up",
            _FOLLOW_UP_COLUMNS,
            (self._follow_up(record in out, record, *rest) for record, *rest in records),
        )

    def _follow_up(
        self, out: bool, record: UUID, person: UUID, division: str, item: str, at: datetime
    ) -> tuple[object, ...]:
        result = "uncontrolled" if out else "controlled"
        values = _GOOD[item] | (_HIGH[item] if out else {})
        next_on = clock.local(at).date() + timedelta(days=_NEXT_DAYS[result])
        form = _USUAL_FORMS[item]
        return self._result(record, person, division, item, at, form, values, result, next_on)

    def _result(
        self,
        record: UUID,
        person: UUID,
        division: str,
        item: str,
        at: datetime,
        form: str,
        values: dict[str, object],
        result: str,
        next_on: date | None,
    ) -> tuple[object, ...]:
        document = json.dumps(values, ensure_ascii=False)
        return (
            self._ids.new(), record, person, self._team.id, division, item,
            self._norms[item], form, self._forms[form], at,
            crypto.encrypt(document, "family_doctor_follow_up.document"), result, result,
            False, False, next_on,
        )  # fmt: skip

    def _load_medicines(self, now: datetime) -> None:
        """The resident's: one to ask for now, one asked for, one that may not be renewed."""
        today, division = clock.local(now).date(), self._team.division_code
        rows = [
            (self._ids.new(), self._resident_id, division, code,
             crypto.encrypt(name, "family_doctor_medicine.name"),
             crypto.encrypt(dose, "family_doctor_medicine.dose"), self._renewing.usual_days,
             today - timedelta(days=400), today + timedelta(days=left), self._doctor,
             now - timedelta(days=150))
            for name, code, dose, left in _MEDICINES
        ]  # fmt: skip
        self._bulk.copy(
            "family_doctor_medicine",
            ("id", "person_id", "division_code", "class_code", "name", "dose", "supply_days",
             "since", "runs_out_on", "entered_by", "entered_at"),
            rows,
        )  # fmt: skip
        asked, given = now - timedelta(hours=20), now - timedelta(days=24)
        self._bulk.copy(
            "family_doctor_refill",
            ("id", "medicine_id", "person_id", "team_id", "institution_id", "division_code",
             "class_code", "name", "dose", "state", "asked_at", "asked_by", "asked_by_id",
             "for_another", "answer_by", "usual_days", "decided_at", "decided_by", "days"),
            [self._refill(0, rows[0][0], given, given + timedelta(hours=5)),
             self._refill(1, rows[1][0], asked, None)],
        )  # fmt: skip

    def _refill(
        self, which: int, medicine_id: object, asked: datetime, decided: datetime | None
    ) -> tuple[object, ...]:
        name, code, dose, _ = _MEDICINES[which]
        return (
            self._ids.new(), medicine_id, self._resident_id, self._team.id,
            self._team.institution_id, self._team.division_code, code,
            crypto.encrypt(name, "family_doctor_refill.name"),
            crypto.encrypt(dose, "family_doctor_refill.dose"),
            "renewed" if decided else "waiting", asked, self._resident_name, self._resident_id,
            False, asked + timedelta(days=self._renewing.answer_days), self._renewing.usual_days,
            decided, self._doctor if decided else None,
            self._renewing.usual_days if decided else None,
        )  # fmt: skip

    def _load_disputes(self, now: datetime) -> None:
        """One that waits for the team, one for the administrator, one that was dismissed, one that
        the institution let lie and the city decides.
        """
        long_ago = clock.local(now).date() - timedelta(days=60)
        contracts = self._bulk.rows(
            _SIGNED,
            {"team": self._team.id, "resident": self._resident_id, "long_ago": long_ago,
             "most": _DISPUTES},
        )  # fmt: skip
        administrator = self._bulk.rows(
            "SELECT account_id FROM auth_role_grant WHERE role = 'administrator' LIMIT 1"
        )
        self._bulk.copy(
            "family_doctor_dispute",
            ("id", "contract_id", "person_id", "team_id", "institution_id", "division_code",
             "subject", "text", "state", "opened_at", "answer_by", "answer", "answered_at",
             "decide_by", "decider", "decider_name", "late_since", "decision",
             "decided_at", "decided_by", "version"),
            (
                self._dispute(now, state, administrator[0][0], *row)
                for state, row in zip(_DISPUTE_AGES, contracts, strict=False)
            ),
        )  # fmt: skip

    def _dispute(
        self, now: datetime, state: str, decider: UUID, contract: UUID, person: UUID, division: str
    ) -> tuple[object, ...]:
        opened, late = now - timedelta(days=_DISPUTE_AGES[state]), state == "escalated"
        answered = opened + timedelta(days=2) if state != "open" else None
        decide_by = answered and answered + timedelta(days=self._rules.dispute_decide_days)
        late_since = decide_by if late else None
        by = (self._region.code, self._region.name) if late else (
            str(self._team.institution_id), self._team.institution_name
        )  # fmt: skip
        if late_since:
            decide_by = late_since + timedelta(days=self._rules.dispute_escalate_days)
        decided = answered + timedelta(days=6) if answered and state == "dismissed" else None
        return (
            self._ids.new(), contract, person, self._team.id, self._team.institution_id, division,
            "not_served", crypto.encrypt(_WRITTEN, "family_doctor_dispute.text"), state, opened,
            opened + timedelta(days=self._rules.dispute_answer_days),
            crypto.encrypt(_ANSWER, "family_doctor_dispute.answer") if answered else None,
            answered, decide_by, *(by if answered else (None, "")), late_since,
            crypto.encrypt(_DECISION, "family_doctor_dispute.decision") if decided else None,
            decided, decider if decided else None, 1,
        )  # fmt: skip
