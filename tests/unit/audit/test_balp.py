"""Events in the shape of IHE BALP: the cardinalities and fixed codes of its profiles."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from audit.balp import PROFILES, audit_event, bundle
from audit.kinds import kind_of
from audit.schemas import EventView, Manner, Outcome, Subject, Who
from auth.schemas import Grant
from core.access import Role
from core.ids import new_id
from portal.factory import ROOM_NAMES

SYSTEM = "https://portal.example"
MOMENT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)


def make_event(**more: Any) -> EventView:
    grant = Grant(
        role=Role.MEMBER,
        unit="x",
        unit_name="一队",
        starts_at=MOMENT,
        ends_at=None,
        granted_by=None,
    )
    values: dict[str, Any] = {
        "id": new_id(),
        "at": datetime(2026, 11, 26, 8, 30, tzinfo=UTC),
        "who": Who(id=new_id(), name="护士", resident=False, roles=(grant,)),
        "acting_for": None,
        "action": "residents:read-person",
        "resource_type": "Person",
        "resource_id": "p",
        "person": Subject(id=new_id(), name="陈**", division_code="990102001"),
        "manner": Manner.LOOKED,
        "outcome": Outcome.ALLOWED,
        "policies": ("residents.care",),
        "channel": "web",
        "address": "203.0.113.9",
        "request_id": "r-1",
    }
    return EventView(**values | more)


def codes(parts: list[dict[str, Any]]) -> list[str]:
    return [part["type"]["coding"][0]["code"] for part in parts]


def test_a_read_of_a_patients_data_has_the_shape_of_patient_read() -> None:
    event = make_event()
    made = audit_event(event, SYSTEM)
    assert made["meta"]["profile"] == [f"{PROFILES}PatientRead"]
    assert made["type"]["code"] == "rest"
    assert made["subtype"][0]["code"] == "read"
    assert (made["action"], made["outcome"]) == ("R", "0")
    assert made["recorded"] == "2026-11-26T08:30:00.000+00:00"
    # Client, server, user: on a read the data flow from the server.
    assert codes(made["agent"]) == ["110152", "110153", "IRCP"]
    assert [agent["requestor"] for agent in made["agent"]] == [False, False, True]
    assert made["agent"][2]["policy"] == ["urn:kangqiao:policy:residents.care"]
    data, patient, request = made["entity"]
    assert (data["type"]["code"], data["role"]["code"]) == ("2", "4")
    assert (patient["type"]["code"], patient["role"]["code"]) == ("1", "1")
    assert event.person is not None
    assert patient["what"]["reference"] == f"Patient/{event.person.id}"
    assert request["what"]["identifier"]["value"] == "r-1"
    assert made["source"]["observer"]["identifier"]["value"] == SYSTEM


@pytest.mark.parametrize(
    ("action", "profile", "letter"),
    [
        ("appointments:book", "PatientCreate", "C"),
        ("appointments:cancel-booking", "PatientUpdate", "U"),
        ("service_packs:read-records", "PatientRead", "R"),
    ],
)
def test_what_is_done_chooses_the_profile(action: str, profile: str, letter: str) -> None:
    made = audit_event(make_event(action=action), SYSTEM)
    assert (made["meta"]["profile"], made["action"]) == ([f"{PROFILES}{profile}"], letter)


def test_the_opening_of_a_form_is_a_read() -> None:
    made = audit_event(make_event(action="appointments:book", manner=Manner.OPENED), SYSTEM)
    assert (made["meta"]["profile"], made["action"]) == ([f"{PROFILES}PatientRead"], "R")


def test_without_a_patient_the_profile_is_the_general_one() -> None:
    made = audit_event(make_event(person=None, action="directory:change-team"), SYSTEM)
    assert made["meta"]["profile"] == [f"{PROFILES}Update"]
    assert codes(made["agent"]) == ["110153", "110152", "AUT"]
    assert len(made["entity"]) == 2


def test_a_refusal_claims_no_profile_of_success() -> None:
    made = audit_event(make_event(outcome=Outcome.DENIED, policies=()), SYSTEM)
    assert "meta" not in made
    assert (made["outcome"], made["outcomeDesc"]) == ("8", "Denied by policy")


def test_signing_in_is_dicoms_login() -> None:
    made = audit_event(make_event(action="auth:sign-in", person=None), SYSTEM)
    assert (made["type"]["code"], made["subtype"][0]["code"]) == ("110114", "110122")
    assert made["action"] == "E"


def test_an_event_of_nobody_has_its_client_as_requestor() -> None:
    made = audit_event(make_event(who=None, address=""), SYSTEM)
    assert [agent["requestor"] for agent in made["agent"]] == [True, False]
    assert made["agent"][0]["network"]["address"] == "unknown"


def test_a_bundle_names_its_pages() -> None:
    made = bundle([make_event()], SYSTEM, "https://portal.example/here", None)
    assert made["link"] == [{"relation": "self", "url": "https://portal.example/here"}]
    assert len(made["entry"]) == 1
    assert "entry" not in bundle([], SYSTEM, "", None)


def test_for_whom_it_was_done_is_an_agent_beside_the_user() -> None:
    child = Subject(id=new_id(), name="陈*", division_code="990102001")
    made = audit_event(make_event(acting_for=child), SYSTEM)
    assert codes(made["agent"]) == ["110152", "110153", "IRCP", "DELEGATOR"]
    assert made["agent"][3]["who"]["reference"] == f"Patient/{child.id}"
    assert [agent["requestor"] for agent in made["agent"]] == [False, False, True, False]


# By verb; a new one is put where it belongs.
VERBS = {
    "R": "read list search find export",
    "C": "appeal apply ask book claim create give grant invite issue join open place prepare"
    " propose question record refer register request",
    "U": "add administer answer approve assign authorise begin bind cancel carry change check"
    " confirm consent decide declare disable end follow import keep leave link lock manage mark"
    " pay remake remove renew reset review revoke run serve set settle share sign step stop"
    " terminate triage unbind unlink verify withdraw witness refuse",
}
# What an action that shows something is called.
SHOWING = ("查看", "查询", "查找", "导出", "读取", "把同意提供的身份信息交给")


def test_every_action_is_of_the_kind_that_its_verb_says() -> None:
    verbs = {verb: kind for kind, some in VERBS.items() for verb in some.split()}
    for action in known():
        verb = action.partition(":")[2].partition("-")[0]
        kind = "R" if action == "directory:administer" else verbs.get(verb)
        assert kind_of(action) == kind, action


def test_what_is_called_a_look_is_a_read_and_nothing_else_is() -> None:
    for action, words in known().items():
        assert (kind_of(action) == "R") == any(said in words for said in SHOWING), action


def known() -> dict[str, str]:
    rooms = [import_module(f"{name}.register").room for name in ROOM_NAMES]
    return {action: words for room in rooms for action, words in room.words.actions.items()}
