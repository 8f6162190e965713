"""Made-up referrals: a year of them for the figures, and a few that wait for the demo's people.

The words are encrypted as the portal does it, and every row is marked as an example.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from appointments.public import ReferralState, ReferralStep
from appointments.schemas import Direction, Pool, Source, State, Urgency
from core import crypto
from regions import demo
from regions.facts import Institution
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.organisation import Places, Team

# So many a month that most figures of the region stand above the limit of disclosure.
_HISTORY = 1_800
_DAYS_OF_HISTORY = 360
_ANSWER_WITHIN = timedelta(hours=48)
_ENDED_BEFORE = timedelta(days=8)
_REASON = "（示例）血压控制不佳，请专科评估。"
_SUMMARY = "（示例）高血压三年，近两周血压 168/98 mmHg，口服氨氯地平 5 mg 每日一次，无药物过敏。"
_DOWN_REASON = "（示例）病情稳定，转回社区继续管理。"
_PLAN = "（示例）每两周随访一次，监测血压，低盐饮食。"
_MEDICINES = "（示例）氨氯地平 5 mg 每日一次；阿托伐他汀 20 mg 每晚一次。"
_WATCH = "（示例）血压高于 180/110 mmHg，或头痛、胸痛加重时，马上转上来。"
_QUESTION = "（示例）近期肾功能和血钾结果是多少？"
_FEEDBACK = "（示例）已调整用药，建议社区两周后复查血压。"
_REFERRAL = (
    "id", "direction", "state", "version", "urgency", "person_id", "account_id", "from_team_id",
    "from_institution_id", "from_division", "from_name", "to_team_id", "to_institution_id",
    "to_department_id", "division_code", "to_name", "department_name", "department_name_en",
    "booking_id", "reason", "summary", "medicines", "watch", "next_check", "criteria", "sent_at",
    "answer_by", "answered_at", "accepted_at", "ended_at", "example",
)  # fmt: skip
_STEP = ("id", "referral_id", "version", "step", "state", "at", "account_id", "actor_name", "note")
_DEPARTMENT = """
SELECT id, name, name_en FROM directory_department
WHERE institution_id = %(institution)s AND specialty_code = %(specialty)s ORDER BY id LIMIT 1
"""
_CONTRACTED = """
SELECT contract.person_id, contract.team_id, contract.institution_id, team.division_code, team.name
FROM family_doctor_contract AS contract JOIN directory_team AS team ON team.id = contract.team_id
WHERE contract.state IN ('active', 'expiring')
ORDER BY md5(contract.id::text), contract.id LIMIT %(most)s
"""
_PATIENTS = """
SELECT contract.person_id FROM family_doctor_contract AS contract
WHERE contract.state IN ('active', 'expiring') AND contract.team_id = %(team)s
  AND contract.person_id <> %(guest)s
ORDER BY md5(contract.id::text), contract.id LIMIT %(most)s
"""
_TAKE = """
UPDATE appointments_slot AS slot
SET referral = referral - 1, taken = taken + 1, issued = issued + 1
WHERE id = (
    SELECT id FROM appointments_slot
    WHERE department_id = %(department)s AND referral > 0 AND reserved_until > %(now)s
      AND NOT EXISTS (
        SELECT FROM appointments_booking AS visit
        WHERE visit.person_id = %(person)s AND visit.date = appointments_slot.date)
    ORDER BY date, starts_at, id LIMIT 1)
RETURNING id, institution_id, department_id, division_code, date, starts_at, issued
"""
_BOOKING = (
    "id", "slot_id", "institution_id", "department_id", "division_code", "date", "starts_at",
    "number", "person_id", "account_id", "pool", "source", "state", "created_at", "held_until",
)  # fmt: skip
# How referrals up of the past ended: of a hundred.
_ENDS = (
    (79, ReferralState.CLOSED),
    (7, ReferralState.DECLINED),
    (7, ReferralState.LAPSED),
    (7, ReferralState.WITHDRAWN),
)
_WAYS = {
    ReferralState.SENT: (),
    ReferralState.ASKED: (ReferralStep.ASK,),
    ReferralState.ACCEPTED: (ReferralStep.ACCEPT,),
    ReferralState.CLOSED: (ReferralStep.ACCEPT, ReferralStep.ARRIVE, ReferralStep.CLOSE),
    ReferralState.DECLINED: (ReferralStep.DECLINE,),
    ReferralState.LAPSED: (ReferralStep.LAPSE,),
    ReferralState.WITHDRAWN: (ReferralStep.WITHDRAW,),
}
_AFTER = {
    ReferralStep.ASK: ReferralState.ASKED,
    ReferralStep.ACCEPT: ReferralState.ACCEPTED,
    ReferralStep.ARRIVE: ReferralState.ARRIVED,
    ReferralStep.CLOSE: ReferralState.CLOSED,
    ReferralStep.DECLINE: ReferralState.DECLINED,
    ReferralStep.LAPSE: ReferralState.LAPSED,
    ReferralStep.WITHDRAW: ReferralState.WITHDRAWN,
}
_NOTES = {
    ReferralStep.ASK: _QUESTION,
    ReferralStep.CLOSE: _FEEDBACK,
    ReferralStep.DECLINE: "（示例）本科床位已满，请转往其他医院。",
}


class _Live(NamedTuple):
    """One that waits: which way, how it stands, how urgent, how long ago it was sent."""

    direction: Direction
    state: ReferralState
    urgency: Urgency
    hours_ago: int


_WAITING = (
    _Live(Direction.UP, ReferralState.SENT, Urgency.URGENT, 3),
    _Live(Direction.UP, ReferralState.ASKED, Urgency.ROUTINE, 20),
    _Live(Direction.UP, ReferralState.ACCEPTED, Urgency.ROUTINE, 26),
    _Live(Direction.UP, ReferralState.SENT, Urgency.ROUTINE, 40),
    _Live(Direction.DOWN, ReferralState.SENT, Urgency.ROUTINE, 5),
)
# The guest's own: back from the hospital to the team.
_GUESTS = _Live(Direction.DOWN, ReferralState.ACCEPTED, Urgency.ROUTINE, 30)


class ReferralLoader:
    """Writes referrals between teams and the demo's hospital, the desk's."""

    def __init__(
        self, bulk: Bulk, places: Places, desk: Institution, *, seed: int, now: datetime
    ) -> None:
        self._bulk = bulk
        self._now = now
        self._desk = desk
        self._desk_id = places.institutions[desk.code]
        self._rng = Random(f"{seed}/referrals")
        self._ids = Identifiers(Random(f"{seed}/referral-ids"))
        self._referrals: list[tuple[object, ...]] = []
        self._steps: list[tuple[object, ...]] = []
        found = bulk.rows(_DEPARTMENT, {"institution": self._desk_id, "specialty": demo.SPECIALTY})
        self._department: tuple[Any, ...] | None = found[0] if found else None

    def load(self, team: Team, guest: UUID) -> None:
        """All of them; none where the hospital has no such department."""
        if self._department is None:
            return
        contracted = self._bulk.rows(_CONTRACTED, {"most": _HISTORY})
        for person_id, *sender in self._rng.choices(contracted, k=_HISTORY) if contracted else ():
            self._past(person_id, tuple(sender))
        ours = (team.id, team.institution_id, team.division_code, team.name)
        most = {"team": team.id, "guest": guest, "most": len(_WAITING)}
        patients = [row[0] for row in self._bulk.rows(_PATIENTS, most)]
        accounts = self._accounts()
        for person_id, live in zip(patients, _WAITING, strict=False):
            self._live(person_id, ours, live, accounts)
        self._live(guest, ours, _GUESTS, accounts)
        self._bulk.copy("appointments_referral", _REFERRAL, self._referrals)
        self._bulk.copy("appointments_referral_step", _STEP, self._steps)

    def _past(self, person_id: UUID, sender: tuple[Any, ...]) -> None:
        """One that ended, some time within the year."""
        ago = _ENDED_BEFORE + timedelta(days=_DAYS_OF_HISTORY - 8) * self._rng.random()
        down = self._rng.random() < 1 / 3
        (state,) = self._rng.choices([state for _, state in _ENDS], [weight for weight, _ in _ENDS])
        live = _Live(
            Direction.DOWN if down else Direction.UP,
            ReferralState.CLOSED if down else state,
            Urgency.ROUTINE,
            0,
        )
        self._write(person_id, sender, live, self._now - ago, None, {})

    def _live(
        self, person_id: UUID, sender: tuple[Any, ...], live: _Live, accounts: dict[str, UUID]
    ) -> None:
        sent_at = self._now - timedelta(hours=live.hours_ago)
        up = live.direction is Direction.UP
        account_id = accounts.get(demo.LEADER if up else demo.REGISTRAR)
        booking_id = self._book(person_id, account_id, live, sent_at) if up else None
        self._write(person_id, sender, live, sent_at, booking_id, accounts)

    def _accounts(self) -> dict[str, UUID]:
        query = "SELECT username, id FROM auth_account WHERE username = ANY(%(names)s)"
        return dict(self._bulk.rows(query, {"names": [demo.LEADER, demo.REGISTRAR]}))

    def _book(
        self, person_id: UUID, account_id: UUID | None, live: _Live, sent_at: datetime
    ) -> UUID | None:
        """A place of those kept for referrals; None where none is left."""
        until = sent_at + _ANSWER_WITHIN
        department = self._department[0] if self._department else None
        found = self._bulk.rows(
            _TAKE, {"department": department, "person": person_id, "now": self._now}
        )
        for slot in found:
            booking_id = self._ids.new()
            held = live.state is not ReferralState.ACCEPTED
            row = (
                booking_id,
                *slot,
                person_id,
                account_id,
                Pool.REFERRAL.value,
                Source.REFERRAL.value,
                (State.HELD if held else State.BOOKED).value,
                sent_at,
                until if held else None,
            )
            self._bulk.copy("appointments_booking", _BOOKING, [row])
            return booking_id
        return None

    def _write(
        self,
        person_id: UUID,
        sender: tuple[Any, ...],
        live: _Live,
        sent_at: datetime,
        booking_id: UUID | None,
        accounts: dict[str, UUID],
    ) -> None:
        team_id, institution_id, division, name = sender
        desk, department = self._desk, self._department or (None, None, None)
        up = live.direction is Direction.UP
        team_end = (team_id, institution_id, division, name)
        desk_end = (None, self._desk_id, desk.division_code, desk.name)
        from_end, to_end = (team_end, desk_end) if up else (desk_end, team_end)
        to_department = department if up else (None, None, None)
        referral_id = self._ids.new()
        moments = list(self._course(referral_id, live, sent_at, accounts))
        accepted = next((at for step, at in moments if step is ReferralStep.ACCEPT), None)
        answers = (ReferralStep.ASK, ReferralStep.ACCEPT, ReferralStep.DECLINE)
        answered = next((at for step, at in moments if step in answers), None)
        ended = moments[-1][1] if live.state in _ENDED else None
        self._referrals.append(
            (
                referral_id,
                live.direction.value,
                live.state.value,
                len(moments) + 1,
                live.urgency.value,
                person_id,
                accounts.get(demo.LEADER if up else demo.REGISTRAR),
                *from_end,
                to_end[0],
                to_end[1],
                to_department[0],
                to_end[2],
                to_end[3],
                to_department[1],
                to_department[2],
                booking_id,
                _sealed(_REASON if up else _DOWN_REASON, "reason"),
                _sealed(_SUMMARY if up else _PLAN, "summary"),
                None if up else _sealed(_MEDICINES, "medicines"),
                None if up else _sealed(_WATCH, "watch"),
                None if up else (sent_at + timedelta(days=14)).date(),
                _sealed("", "criteria"),
                sent_at,
                sent_at + _ANSWER_WITHIN,
                answered,
                accepted,
                ended,
                True,
            )
        )

    def _course(
        self, referral_id: UUID, live: _Live, sent_at: datetime, accounts: dict[str, UUID]
    ) -> Iterator[tuple[ReferralStep, datetime]]:
        """The steps up to the state, written and returned with their moments."""
        names = {Direction.UP: (demo.LEADER, demo.REGISTRAR)}
        sender, receiver = names.get(live.direction, (demo.REGISTRAR, demo.LEADER))
        self._step(referral_id, 1, None, ReferralState.SENT, sent_at, accounts.get(sender))
        at = sent_at
        for version, step in enumerate(_WAYS[live.state], start=2):
            wait = 2 + 30 * self._rng.random() if live.hours_ago == 0 else live.hours_ago / 2
            at = sent_at + _ANSWER_WITHIN if step is ReferralStep.LAPSE else at
            at += timedelta(hours=0 if step is ReferralStep.LAPSE else wait)
            who = None if step is ReferralStep.LAPSE else accounts.get(receiver)
            self._step(referral_id, version, step, _AFTER[step], at, who)
            yield step, at

    def _step(
        self,
        referral_id: UUID,
        version: int,
        step: ReferralStep | None,
        state: ReferralState,
        at: datetime,
        account_id: UUID | None,
    ) -> None:
        note = _NOTES.get(step) if step else None
        sealed = crypto.encrypt(note, "appointments_referral_step.note") if note else None
        name = "示例" if account_id else ""
        word = step.value if step else None
        self._steps.append(
            (self._ids.new(), referral_id, version, word, state.value, at, account_id, name, sealed)
        )


_ENDED = (
    ReferralState.CLOSED,
    ReferralState.DECLINED,
    ReferralState.LAPSED,
    ReferralState.WITHDRAWN,
)


def _sealed(words: str, column: str) -> bytes:
    return crypto.encrypt(words, f"appointments_referral.{column}")
