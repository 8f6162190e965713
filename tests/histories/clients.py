"""One of many clients: it wants places, gives them back, and writes down what it saw. A request
whose connection broke is asked again with the same key until it is answered.
"""

import json
import random
import time
from collections import deque
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from appointments.schemas import BookingView
from appointments.services.referral_places import hold
from appointments.services.sweeping import give_back_expired
from core import clock
from core.database import transaction
from core.errors import Conflict
from core.ids import new_id
from tests.histories.linear import Operation
from tests.histories.world import HOLD_MINUTES, LATER, Department, stop
from tests.model.places import (
    Answer,
    Cancel,
    Change,
    Confirm,
    Free,
    Lapse,
    Leave,
    Look,
    Ref,
    Refer,
    Refused,
    Seen,
    Step,
    Stop,
    Sweep,
    Take,
    Wait,
)

ROOM = "/api/v1/appointments"
# How often each is done, of a hundred.
WEIGHTS = {
    Take: 40, Refer: 4, Confirm: 12, Cancel: 18, Change: 13, Look: 4, Lapse: 3, Sweep: 2, Stop: 1,
    Wait: 2, Leave: 1,
}  # fmt: skip
# No free place: which words are said depends on what is free elsewhere.
NO_PLACE = {"slot_full", "none_free", "stopped"}
TIMEOUT_SECONDS = 30
LAPSE = text(
    "UPDATE appointments_booking SET held_until = now() - interval '1 second'"
    " WHERE id = :id AND state = 'held'"
)
WAIT = text(
    "INSERT INTO appointments_wait (id, session_id, person_id, account_id, institution_id,"
    " department_id, division_code, date, priority, state, created_at, offers_end)"
    " SELECT :id, id, :person_id, :account_id, institution_id, department_id, division_code, date,"
    " 3, 'waiting', now(), now() + interval '1 hour' FROM appointments_session"
    " WHERE id = :session_id ON CONFLICT DO NOTHING"
)
LEAVE = text(
    "UPDATE appointments_wait SET state = 'left', ended_at = now()"
    " WHERE session_id = :session_id AND person_id = :person_id AND state = 'waiting'"
)


def wait(session: Session, department: Department, step: Wait) -> None:
    """Somebody waits for a place in a session."""
    resident = department.residents[step.person]
    values = {
        "id": new_id(),
        "session_id": department.sessions[step.session],
        "person_id": resident.person_id,
        "account_id": resident.account_id,
    }
    session.execute(WAIT, values)


def leave(session: Session, department: Department, step: Leave) -> None:
    """They wait no more."""
    person_id = department.residents[step.person].person_id
    values = {"session_id": department.sessions[step.session], "person_id": person_id}
    session.execute(LEAVE, values)


def refer(session: Session, department: Department, step: Refer) -> BookingView:
    """The sending side has a place held for its patient, as when it sends a referral."""
    resident = department.residents[step.person]
    until = clock.now() + timedelta(minutes=HOLD_MINUTES)
    slot_id = department.slots[step.slot]
    return hold(session, resident.account_id, resident.person_id, slot_id, until)


class Faulty(Exception):
    """An answer that no request may get."""


class Ledger:
    """What all clients of a department know: its bookings, and what was asked and answered."""

    def __init__(self, department: Department) -> None:
        self.department = department
        self.slots = {str(slot_id): i for i, slot_id in enumerate(department.slots)}
        self.ids: dict[Ref, UUID] = {}
        self.owners: dict[Ref, int] = {}
        self.recent: deque[Ref] = deque(maxlen=12)
        self.operations: list[Operation] = []

    def seen(self, view: dict[str, Any]) -> Seen:
        """Take note of a booking that was shown."""
        ref = Ref(self.slots[view["slot_id"]], view["number"])
        if ref not in self.ids:
            people = [str(each.person_id) for each in self.department.residents]
            self.owners[ref] = people.index(view["person_id"])
            self.ids[ref] = UUID(view["id"])
            self.recent.append(ref)
        return Seen(ref, view["state"], view["because"])


class Client:
    """Speaks HTTP to the portal over one connection, which it opens again when it breaks."""

    def __init__(self, port: int, ledger: Ledger, chance: random.Random) -> None:
        self._port, self._ledger, self._chance = port, ledger, chance
        self._connection: HTTPConnection | None = None

    def work(self, until: float) -> None:
        """Go on until this moment (``time.monotonic``)."""
        while time.monotonic() < until:
            self._do(self._choose())

    def close(self) -> None:
        """Hang up."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _choose(self) -> Step:
        department, chance = self._ledger.department, self._chance
        (kind,) = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
        person = chance.randrange(len(department.residents))
        slot = chance.randrange(len(department.slots))
        session = department.frame.slots[slot].session
        known = list(self._ledger.recent)
        if kind in (Confirm, Cancel, Change, Lapse) and not known:
            kind = Take
        ref = chance.choice(known) if known else Ref(0, 0)
        steps: dict[type[Step], Step] = {
            Confirm: Confirm(ref),
            Cancel: Cancel(ref),
            Change: Change(ref, slot),
            Lapse: Lapse(ref),
            Sweep: Sweep(slot),
            Stop: Stop(session),
            Look: Look(),
            Wait: Wait(person, session),
            Leave: Leave(person, session),
            Refer: Refer(person, slot, LATER),
        }
        take = Take(person, slot, until=chance.choice([None, LATER]), key=str(uuid4()))
        return steps.get(kind, take)

    def _do(self, step: Step) -> None:
        while True:
            called = time.monotonic()
            try:
                answer = self._ask(step)
            except (OSError, HTTPException):
                self.close()
                self._ledger.operations.append(Operation(step, None, called))
                time.sleep(0.02)
                continue
            done = Operation(step, answer, called, time.monotonic())
            self._ledger.operations.append(done)
            return

    def _ask(self, step: Step) -> Answer:
        ledger, department = self._ledger, self._ledger.department
        match step:
            case Take(person, slot, _, until, key):
                wish = {
                    "slot_id": str(department.slots[slot]),
                    "person_id": str(department.residents[person].person_id),
                }
                path = "/holds" if until else "/bookings"
                return self._send("POST", path, person, wish, key)
            case Confirm(ref):
                return self._send(
                    "POST", f"/bookings/{ledger.ids[ref]}/confirm", ledger.owners[ref]
                )
            case Cancel(ref):
                return self._send("DELETE", f"/bookings/{ledger.ids[ref]}", ledger.owners[ref])
            case Change(ref, slot):
                path = f"/bookings/{ledger.ids[ref]}/change"
                body = {"slot_id": str(department.slots[slot])}
                return self._send("POST", path, ledger.owners[ref], body)
            case Look():
                path = f"/slots?department_id={department.id}&date={department.day}"
                shown = self._http("GET", path, 0)[1]["items"]
                free = {item["id"]: item["remaining"] for item in shown}
                return Free(tuple(free[str(slot_id)] for slot_id in department.slots))
            case Refer():
                return self._refer(step)
            case _:
                self._inside(step)
                return None

    def _refer(self, step: Refer) -> Answer:
        try:
            with transaction() as session:
                held = refer(session, self._ledger.department, step)
        except Conflict as refusal:
            return Refused("no_place" if refusal.code in NO_PLACE else refusal.code)
        return self._ledger.seen(held.model_dump(mode="json"))

    def _inside(self, step: Step) -> None:
        """What no resident's request does."""
        department = self._ledger.department
        with transaction() as session:
            match step:
                case Stop(number):
                    stop(session, department, number)
                case Lapse(ref):
                    session.execute(LAPSE, {"id": self._ledger.ids[ref]})
                case Sweep(slot):
                    give_back_expired(session, department.slots[slot])
                case Wait():
                    wait(session, department, step)
                case Leave():
                    leave(session, department, step)

    def _send(
        self,
        method: str,
        path: str,
        person: int,
        body: dict[str, str] | None = None,
        key: str | None = None,
    ) -> Answer:
        status, said = self._http(method, path, person, body, key)
        if status in (200, 201):
            return self._ledger.seen(said)
        if status == 409:
            return Refused("no_place" if said["code"] in NO_PLACE else said["code"])
        raise Faulty(f"{method} {path}: {status} {said}")

    def _http(
        self,
        method: str,
        path: str,
        person: int,
        body: dict[str, str] | None = None,
        key: str | None = None,
    ) -> tuple[int, Any]:
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {self._ledger.department.residents[person].token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        text_ = json.dumps(body) if body is not None else None
        self._connection.request(method, ROOM + path, text_, headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())
