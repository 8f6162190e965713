"""What the portal calls at /hospital/api, and a page with the numbers and the ways to fail."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests
from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict

from standins.callers import Refused, read_body, refusal, require_key
from standins.hospital.signing import genuine
from standins.hospital.system import TIMEOUT_SECONDS, Mode, System, current_system
from standins.language import N_, translate

CALLS = frozenset({"lock", "confirm", "return", "test"})
DAYS = 3
DEPARTMENTS = 3
# A morning of four periods.
PERIODS = (("08:00", "08:30"), ("08:30", "09:00"), ("09:00", "09:30"), ("09:30", "10:00"))
MODES = {
    Mode.HONEST: N_("正常回答"),
    Mode.TAKEN: N_("号刚被窗口挂走"),
    Mode.FAILING: N_("一直报错"),
    Mode.SLOW: N_("很慢"),
    Mode.LATER: N_("先收下，过一会儿再答"),
    Mode.LATER_TWICE: N_("过一会儿答两遍"),
}
blueprint = Blueprint("hospital_pages", __name__, url_prefix="/hospital")
blueprint.register_error_handler(Refused, refusal)


class Switch(BaseModel):
    """The body of a switch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode


@blueprint.post("/api/<call>")
def called(call: str) -> ResponseReturnValue:
    """One call of the portal's; 401 where the signature is wrong."""
    system = current_system()
    body = request.get_data()
    if call not in CALLS or not genuine(
        system.config.hospital_link_secret,
        {name.lower(): value for name, value in request.headers.items()},
        body,
        system.config.hospital_tolerance_seconds,
    ):
        return jsonify(error="unauthorized"), 401
    if system.mode is Mode.GARBAGE:
        return Response("<html>", status=200)
    if system.mode is Mode.REDIRECTING:
        return redirect("http://127.0.0.1:9/", 307)
    status, said = system.answer(call, request.headers["webhook-id"], request.get_json())
    return jsonify(said), status


@blueprint.get("/state")
def state() -> Response:
    """The numbers, the calls and the answers so far, as JSON; for tests."""
    system = current_system()
    require_key(system.config.hospital_link_secret)
    return jsonify(system.state())


@blueprint.put("/mode")
def switch() -> Response:
    """Change how the following calls are answered; for tests."""
    system = current_system()
    require_key(system.config.hospital_link_secret)
    system.mode = read_body(Switch).mode
    return jsonify(system.state())


@blueprint.get("/")
def home() -> str:
    """The numbers kept for the portal's people."""
    system = current_system()
    return render_template(
        "standins/hospital.html",
        state=system.state(),
        modes=[(mode.value, translate(words)) for mode, words in MODES.items()],
        linked=bool(system.config.hospital_id),
        sent=request.args.get("sent", ""),
    )


@blueprint.post("/")
def choose() -> ResponseReturnValue:
    """The same switch, from the page."""
    wanted = request.form.get("mode", "")
    if wanted in {mode.value for mode in MODES}:
        current_system().mode = Mode(wanted)
    return redirect(url_for(".home"), 303)


@blueprint.post("/schedule")
def send_schedule() -> ResponseReturnValue:
    """Send the coming days' sessions to the portal; a portal that does not take them is shown."""
    try:
        result = push_schedule(current_system())
        sent = f"{result['created']} + {result['changed']} + {result['unchanged']}"
    except (requests.RequestException, KeyError, ValueError):
        sent = "-"
    return redirect(url_for(".home", sent=sent), 303)


def push_schedule(system: System) -> dict[str, Any]:
    """Ask for a token, look up the departments' names, send the document; the portal's answer.

    Raises RequestException where the portal refuses or does not answer.
    """
    config = system.config
    with requests.Session() as session:
        session.trust_env = False
        token = session.post(
            f"{config.portal_url}/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": config.hospital_client_id,
                "client_secret": config.hospital_client_secret,
            },
            timeout=TIMEOUT_SECONDS,
        )
        token.raise_for_status()
        found = session.get(
            f"{config.portal_url}/api/v1/directory/departments",
            params={"institution_id": config.hospital_id, "limit": str(DEPARTMENTS)},
            timeout=TIMEOUT_SECONDS,
        )
        found.raise_for_status()
        answer = session.put(
            f"{system.portal_api}/schedule",
            json=document(
                [each["name"] for each in found.json()["items"]],
                datetime.now(ZoneInfo(config.time_zone)).date(),
            ),
            headers={"Authorization": f"Bearer {token.json()['access_token']}"},
            timeout=TIMEOUT_SECONDS * 3,
        )
        answer.raise_for_status()
    result: dict[str, Any] = answer.json()
    return result


def document(departments: list[str], today: date) -> dict[str, Any]:
    """A clinic of each department on each of the coming days, under the hospital's own ids."""
    sessions = []
    for ahead in range(1, DAYS + 1):
        day = today + timedelta(days=ahead)
        for number, department in enumerate(departments, 1):
            sessions.append(
                {
                    "id": f"HIS-{re.sub('-', '', day.isoformat())}-{number:02d}",
                    "date": day.isoformat(),
                    "half_day": "morning",
                    "department": department,
                    "clinic": f"{department}便民门诊（示例）",
                    "room": "便民诊室",
                    "fee_fen": 500,
                    "slots": [
                        {"starts_at": start, "ends_at": end, "capacity": 3}
                        for start, end in PERIODS
                    ],
                }
            )
    return {"sessions": sessions}
