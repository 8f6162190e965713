"""The hospital's numbers, and how it answers: as it should, or in one of the ways it goes wrong."""

import json
import threading
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from itertools import count
from typing import Any, cast
from uuid import uuid4

import requests
from flask import Flask, current_app

from standins.config import StandinConfig
from standins.hospital.signing import sign
from standins.memory import Bounded
from standins.schedule import Schedule

EXTENSION = "standins.hospital"
TIMEOUT_SECONDS = 10
LATE_SECONDS = 0.3
DONE, REFUSED = "done", "refused"
LOCKED, CONFIRMED, RETURNED = "locked", "confirmed", "returned"


Body = dict[str, Any]


class Mode(StrEnum):
    """How calls are answered."""

    HONEST = "honest"
    # Its own counter has just given the number away.
    TAKEN = "taken"
    FAILING = "failing"
    SLOW = "slow"
    GARBAGE = "garbage"
    REDIRECTING = "redirecting"
    # Accepted, and answered a little later: once, twice, or by somebody who does not know the key.
    LATER = "later"
    LATER_TWICE = "later_twice"
    FORGED = "forged"
    # Does what it is asked, and its answer is lost.
    LOST = "lost"


@dataclass
class Number:
    """A number of the hospital's, kept for a booking of the portal."""

    number: str
    session_id: str
    starts_at: str
    patient: str
    state: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A call that came, and the status it was answered with."""

    call: str
    booking_id: str
    message_id: str
    status: int


class System:
    """What the hospital knows; safe over threads."""

    def __init__(self, config: StandinConfig, schedule: Schedule) -> None:
        self.config = config
        self.schedule = schedule
        self._lock = threading.Lock()
        self._next = count(1)
        self._numbers: Bounded[str, Number] = Bounded(config.kept)
        self._heard: Bounded[int, Heard] = Bounded(config.kept)
        self.mode = Mode.HONEST
        self.told: list[int | None] = []

    def answer(
        self, call: str, message_id: str, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Do what is asked, once for a booking, and say so; in the way that was chosen."""
        mode = self.mode
        if mode is Mode.SLOW:
            time.sleep(self.config.hospital_slow_seconds)
        status, said = 500, {"error": "internal"}
        if mode is not Mode.FAILING:
            result = self._do(call, body, refuse=mode is Mode.TAKEN)
            status, said = (200 if result["result"] == DONE else 409), result
            if mode in (Mode.LATER, Mode.LATER_TWICE, Mode.FORGED) and call != "test":
                self._tell(call, body, result, mode)
                status, said = 202, {}
            if mode is Mode.LOST:
                status, said = 500, {"error": "internal"}
        with self._lock:
            heard = Heard(call, str(body.get("booking_id", "")), message_id, status)
            self._heard[len(self._heard)] = heard
        return status, said

    def state(self) -> dict[str, Any]:
        """Numbers by booking, the calls so far, and how our late answers were taken."""
        with self._lock:
            return {
                "mode": self.mode.value,
                "numbers": {key: asdict(number) for key, number in self._numbers.items()},
                "heard": [asdict(each) for each in self._heard.values()],
                "told": list(self.told),
            }

    def _do(self, call: str, body: dict[str, Any], *, refuse: bool) -> dict[str, Any]:
        if call == "test":
            return {"result": DONE}
        booking = body["booking_id"]
        with self._lock:
            known = self._numbers.get(booking)
            if call == "return":
                # Also of what it never heard of: a lock that comes late must find it returned.
                if known is None:
                    known = Number("", body["session_id"], body["starts_at"], "", RETURNED)
                    self._numbers[booking] = known
                known.state = RETURNED
                return {"result": DONE, "number": known.number}
            if known is not None and known.state == RETURNED:
                return {"result": REFUSED}
            if call == "lock":
                if known is None and refuse:
                    return {"result": REFUSED}
                if known is None:
                    known = self._numbers[booking] = Number(
                        f"A{next(self._next):03d}", body["session_id"], body["starts_at"],
                        body["patient"]["name"], LOCKED,
                    )  # fmt: skip
                return {"result": DONE, "number": known.number}
            if known is None or refuse:
                return {"result": REFUSED}
            known.state = CONFIRMED
            return {"result": DONE, "number": known.number}

    def _tell(self, call: str, body: dict[str, Any], result: dict[str, Any], mode: Mode) -> None:
        answer = {"booking_id": body["booking_id"], "call": call, **result}
        for number in range(2 if mode is Mode.LATER_TWICE else 1):
            self.schedule.after(
                LATE_SECONDS * (number + 1), partial(self._later, answer, mode is Mode.FORGED)
            )

    def _later(self, answer: Body, forged: bool) -> None:
        self.tell(answer, forged=forged)

    def tell(self, answer: dict[str, Any], *, forged: bool = False) -> int | None:
        """Post a late answer to the portal; its status, or None where it does not answer."""
        body = json.dumps(answer).encode()
        secret = "whsec_Zm9yZ2Vk" if forged else self.config.hospital_link_secret
        where = f"{self.portal_api}/answers"
        headers = {"Content-Type": "application/json", **sign(secret, str(uuid4()), body)}
        try:
            with requests.Session() as session:
                session.trust_env = False
                status = session.post(
                    where, data=body, headers=headers, timeout=TIMEOUT_SECONDS
                ).status_code
        except requests.RequestException:
            status = None
        self.told.append(status)
        return status

    @property
    def portal_api(self) -> str:
        """Where the portal listens to this hospital."""
        root = f"{self.config.portal_url}/api/v1/appointments/exchange/hospitals"
        return f"{root}/{self.config.hospital_id}"


def current_system() -> System:
    """The system of this application."""
    return cast(System, current_app.extensions[EXTENSION])


def install(app: Flask, config: StandinConfig, schedule: Schedule) -> None:
    """Make the hospital's system."""
    app.extensions[EXTENSION] = System(config, schedule)
