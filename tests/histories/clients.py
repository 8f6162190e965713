"""One of many clients: it wants places, gives them back, and writes down what it saw. A request
whose connection broke is asked again with the same key until it is answered.
"""

import json
import random
import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
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
from tests.histories.linear import Operation
from tests.histories.served import FAULT, OFFERS
from tests.histories.world import HOLD_MINUTES, LATER, Department, Snapshot, stop
from tests.model.state import LIVE, OPEN, Line, Ref
from tests.model.steps import (
    Answer,
    Cancel,
    Change,
    Confirm,
    Free,
    Group,
    Join,
    Joined,
    Lapse,
    Leave,
    Look,
    Offer,
    Poll,
    Refer,
    Refused,
    Seen,
    Show,
    Stands,
    Step,
    Stop,
    Sweep,
    Take,
    Together,
    Turn,
)

ROOM = "/api/v1/appointments"
# How often each is done, of a hundred.
WEIGHTS = {
    Take: 22, Group: 14, Refer: 4, Confirm: 8, Cancel: 20, Change: 8, Look: 2, Lapse: 4, Sweep: 4,
    Stop: 0.5, Join: 10, Poll: 12, Leave: 2, Offer: 14,
}  # fmt: skip
# How much each slot is wanted: for the first session people wait, in the other families find room.
WANTED = (3, 3, 1, 1)
# What is done with an offer that was seen: taken, declined, left to run out, or nothing yet.
REPLIES: tuple[type[Step] | None, ...] = (Confirm, Confirm, Leave, Lapse, None)
# No free place: which words are said depends on what is free elsewhere.
NO_PLACE = {"slot_full", "none_free", "stopped", "not_enough"}
TIMEOUT_SECONDS = 30
LAPSE = text(
    "UPDATE appointments_booking SET held_until = now() - interval '1 second'"
    " WHERE id = :id AND state = 'held'"
)


def refer(session: Session, department: Department, step: Refer) -> BookingView:
    """The sending side has a place held for its patient, as when it sends a referral."""
    resident = department.residents[step.person]
    until = clock.now() + timedelta(minutes=HOLD_MINUTES)
    slot_id = department.slots[step.slot]
    return hold(session, resident.account_id, resident.person_id, slot_id, until)


class Faulty(Exception):
    """An answer that no request may get."""


class Ledger:
    """What all clients of a department know: its bookings and waits, and what was asked and
    answered.
    """

    def __init__(self, department: Department) -> None:
        self.department = department
        self.slots = {str(slot_id): i for i, slot_id in enumerate(department.slots)}
        self.people = {str(each.person_id): i for i, each in enumerate(department.residents)}
        self.ids: dict[Ref, UUID] = {}
        self.refs: dict[str, Ref] = {}
        self.owners: dict[Ref, int] = {}
        self.waits: dict[Line, UUID] = {}
        self.recent: deque[Ref] = deque(maxlen=12)
        self.lines: deque[Line] = deque(maxlen=8)
        self.operations: list[Operation] = []

    def know(self, begin: Snapshot) -> None:
        """Take note of all there is, and do something with what is open still."""
        self.ids.update(begin.ids)
        self.refs.update({str(id_): ref for ref, id_ in begin.ids.items()})
        self.waits.update(begin.waits)
        for ref, booking in begin.state.bookings.items():
            self.owners[ref] = booking.person
            if booking.state in LIVE and ref not in self.recent:
                self.recent.append(ref)
        for line, wait in begin.state.waits.items():
            if wait.state in OPEN and line not in self.lines:
                self.lines.append(line)

    def seen(self, view: dict[str, Any]) -> Seen:
        """Take note of a booking that was shown."""
        ref = Ref(self.slots[view["slot_id"]], view["number"])
        if ref not in self.ids:
            self.owners[ref] = self.people[view["person_id"]]
            self.ids[ref], self.refs[view["id"]] = UUID(view["id"]), ref
            self.recent.append(ref)
        return Seen(ref, view["state"], view["because"])

    def joined(self, session: int, view: dict[str, Any]) -> Line:
        """Take note of a wait that was shown."""
        since = datetime.fromisoformat(view["created_at"]).timestamp()
        line = Line(session, self.people[view["person_id"]], since)
        if line not in self.waits:
            self.waits[line] = UUID(view["id"])
            self.lines.append(line)
        return line


class Client:
    """Speaks HTTP to the portal over one connection, which it opens again when it breaks."""

    def __init__(
        self, port: int, ledger: Ledger, chance: random.Random, fault: str | None = None
    ) -> None:
        self._port, self._ledger, self._chance, self._fault = port, ledger, chance, fault
        self._connection: HTTPConnection | None = None

    def work(self, until: float) -> None:
        """Go on until this moment (``time.monotonic``)."""
        while time.monotonic() < until:
            step = self._choose()
            if isinstance(step, Offer):
                self._offer(step)
            elif isinstance(answer := self._do(step), Stands):
                self._reply(step, answer)

    def close(self) -> None:
        """Hang up."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _choose(self) -> Step:
        department, chance = self._ledger.department, self._chance
        (kind,) = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
        person = chance.randrange(len(department.residents))
        (slot,) = chance.choices(range(len(department.slots)), WANTED)
        session = department.frame.slots[slot].session
        steps: dict[type[Step], Step] = {
            Group: Group(self._wishes(person, len(WANTED) - 1 - slot), str(uuid4())),
            Sweep: Sweep(slot),
            Stop: Stop(session),
            Look: Look(),
            Join: Join(person, session, key=str(uuid4())),
            Offer: Offer(session, LATER),
            Refer: Refer(person, slot, LATER),
        }
        if known := list(self._ledger.recent):
            ref = chance.choice(known)
            steps |= {
                Confirm: Confirm(ref),
                Cancel: Cancel(ref),
                Change: Change(ref, slot),
                Lapse: Lapse(ref),
            }
        if lines := list(self._ledger.lines):
            line = chance.choice(lines)
            steps |= {Poll: Poll(line), Leave: Leave(line)}
        take = Take(person, slot, until=chance.choice([None, LATER]), key=str(uuid4()))
        return steps.get(kind, take)

    def _wishes(self, person: int, slot: int) -> tuple[tuple[int, int], ...]:
        """Two or three of a family, together or not, in the order that the portal asks in."""
        department, chance = self._ledger.department, self._chance
        family = department.family(person)
        people = chance.sample(family, min(chance.choice([2, 3]), len(family)))
        slots = [slot, slot, chance.randrange(len(department.slots))]
        wishes = zip(people, chance.sample(slots, len(people)), strict=True)
        return tuple(sorted(wishes, key=lambda wish: department.slots[wish[1]]))

    def _reply(self, step: Step, answer: Stands) -> None:
        """To an offer that was seen."""
        if isinstance(step, Poll) and answer.state == "offered" and answer.offer:
            ref = answer.offer
            steps: dict[type[Step], Step] = {
                Confirm: Confirm(ref),
                Leave: Leave(step.line),
                Lapse: Lapse(ref),
            }
            if reply := self._chance.choice(REPLIES):
                self._do(steps[reply])

    def _do(self, step: Step) -> Answer:
        """Ask until it is answered."""
        begun, lost = time.time(), []
        while True:
            called = time.monotonic()
            try:
                answer = self._ask(step)
                break
            except (OSError, HTTPException):
                self.close()
                lost.append(called)
                time.sleep(0.02)
        returned = time.monotonic()
        if isinstance(step, Join) and isinstance(answer, Joined) and begun <= answer.since:
            # Else they waited already.
            step = step._replace(since=answer.since)
        self._ledger.operations.extend(Operation(step, None, each) for each in lost)
        self._ledger.operations.append(Operation(step, answer, called, returned))
        return answer

    def _ask(self, step: Step) -> Answer:
        ledger, department = self._ledger, self._ledger.department
        match step:
            case Take(person, slot, _, until, key):
                path = "/holds" if until else "/bookings"
                return self._send("POST", path, person, self._wish(person, slot), key)
            case Group(wishes, key):
                all_of_them = {"bookings": [self._wish(*wish) for wish in wishes]}
                return self._send("POST", "/booking-groups", wishes[0][0], all_of_them, key)
            case Confirm(ref):
                path = f"/bookings/{ledger.ids[ref]}/confirm"
                return self._send("POST", path, ledger.owners[ref])
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
            case Join() | Poll() | Leave():
                return self._wait(step)
            case Refer():
                return self._refer(step)
            case _:
                self._inside(step)
                return None

    def _wish(self, person: int, slot: int) -> dict[str, str]:
        department = self._ledger.department
        return {
            "slot_id": str(department.slots[slot]),
            "person_id": str(department.residents[person].person_id),
        }

    def _wait(self, step: Join | Poll | Leave) -> Answer:
        ledger, department = self._ledger, self._ledger.department
        if isinstance(step, Join):
            body = {
                "session_id": str(department.sessions[step.session]),
                "person_id": str(department.residents[step.person].person_id),
            }
            status, said = self._http("POST", "/waits", step.person, body, step.key)
            if status == 409:
                return _refused(said["code"])
            if status != 201:
                raise Faulty(f"{step}: {status} {said}")
            return Joined(ledger.joined(step.session, said).since)
        line = step.line
        method = "GET" if isinstance(step, Poll) else "DELETE"
        status, said = self._http(method, f"/waits/{ledger.waits[line]}", line.person)
        if status != 200:
            raise Faulty(f"{step}: {status} {said}")
        booking_id = said["booking_id"]
        if booking_id and booking_id not in ledger.refs:
            called = time.monotonic()
            seen = self._send("GET", f"/bookings/{booking_id}", line.person)
            assert isinstance(seen, Seen)
            ledger.operations.append(Operation(Show(seen.ref), seen, called, time.monotonic()))
        offer = ledger.refs[booking_id] if booking_id else None
        waiting = said["state"] == "waiting"
        return Stands(said["state"], offer, said["ahead"] if waiting else 0)

    def _offer(self, step: Offer) -> None:
        """Let the job run; where it dies in the middle, its turn may have committed or not."""
        ledger, called, done = self._ledger, time.monotonic(), False
        try:
            for said in self._lines(OFFERS + str(ledger.department.sessions[step.session])):
                done = "done" in said
                called = said.get("begun", called)
                if "ended" not in said:
                    continue
                turn = said["turn"]
                answer, line = Turn(None), None
                if turn:
                    line = ledger.joined(step.session, turn)
                    seen = self._offered(turn) if turn["booking_id"] else None
                    answer = Turn(line.person, seen)
                ledger.operations.append(Operation(step, answer, called, said["ended"]))
                called = said["ended"]
                if line:
                    step = step._replace(passed=step.passed | {line})
        except (OSError, HTTPException, ValueError):
            done = False
        if not done:
            self.close()
            ledger.operations.append(Operation(step, None, called))

    def _offered(self, turn: dict[str, Any]) -> Ref:
        return self._ledger.seen(turn | {"id": turn["booking_id"], "because": None}).ref

    def _lines(self, path: str) -> Iterator[dict[str, Any]]:
        connection = self._connected()
        connection.request("POST", path, headers=self._headers(0))
        answer = connection.getresponse()
        while line := answer.readline():
            yield json.loads(line)

    def _refer(self, step: Refer) -> Answer:
        try:
            with transaction() as session:
                held = refer(session, self._ledger.department, step)
        except Conflict as refusal:
            return _refused(refusal.code)
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

    def _send(
        self, method: str, path: str, person: int, body: Any = None, key: str | None = None
    ) -> Answer:
        status, said = self._http(method, path, person, body, key)
        if status in (200, 201):
            seen = self._ledger.seen
            return Together(tuple(map(seen, said["items"]))) if "items" in said else seen(said)
        if status == 409:
            return _refused(said["code"])
        raise Faulty(f"{method} {path}: {status} {said}")

    def _http(
        self, method: str, path: str, person: int, body: Any = None, key: str | None = None
    ) -> tuple[int, Any]:
        headers = self._headers(person)
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        connection = self._connected()
        text_ = json.dumps(body) if body is not None else None
        connection.request(method, ROOM + path, text_, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def _connected(self) -> HTTPConnection:
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        return self._connection

    def _headers(self, person: int) -> dict[str, str]:
        residents = self._ledger.department.residents
        headers = {"Authorization": f"Bearer {residents[person].token}"}
        return headers | ({FAULT: self._fault} if self._fault else {})


def _refused(code: str) -> Refused:
    return Refused("no_place" if code in NO_PLACE else code)
