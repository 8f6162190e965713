"""Events as FHIR R4 AuditEvent, in the shape of IHE Basic Audit Log Patterns (BALP 1.1).

BALP profiles describe what was done; a refusal is told as an AuditEvent without a profile, as it
asks. Signing in and out are DICOM's user authentication.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

from audit.kinds import kind_of
from audit.schemas import EventView, Manner, Outcome, Subject, Who

Json: TypeAlias = dict[str, Any]

MIMETYPE = "application/fhir+json"
PROFILES = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
BALP_ENTITIES = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
NETWORK_ADDRESS = "2"
KINDS = {"R": ("Read", "read"), "C": ("Create", "create"), "U": ("Update", "update")}
SESSIONS = {"auth:sign-in": ("110122", "Login"), "auth:sign-out": ("110123", "Logout")}


def audit_event(event: EventView, system: str) -> Json:
    """One event; ``system`` is this portal's address."""
    kind = "R" if event.manner is Manner.OPENED else kind_of(event.action)
    made: Json = {
        "resourceType": "AuditEvent",
        "id": str(event.id),
        **_type_of(event, kind),
        "action": "E" if event.action in SESSIONS else kind,
        "recorded": event.at.isoformat(timespec="milliseconds"),
        **_outcome(event),
        "agent": _agents(event, kind, system),
        "source": {
            "site": system,
            "observer": _device(system),
            "type": [_coding(f"{TERMINOLOGY}/security-source-type", "4", "Application Server")],
        },
        "entity": _entities(event, system),
    }
    profile = _profile(event, kind)
    return made | {"meta": {"profile": [profile]}} if profile else made


def bundle(events: Iterable[EventView], system: str, address: str, following: str | None) -> Json:
    """A searchset of events; ``address`` is this page's, ``following`` the next one's."""
    links = [{"relation": "self", "url": address}]
    links += [{"relation": "next", "url": following}] if following else []
    entries = [
        {
            "fullUrl": f"urn:uuid:{event.id}",
            "resource": audit_event(event, system),
            "search": {"mode": "match"},
        }
        for event in events
    ]
    made: Json = {"resourceType": "Bundle", "type": "searchset", "link": links}
    return made | ({"entry": entries} if entries else {})


def _profile(event: EventView, kind: str) -> str | None:
    if event.outcome is Outcome.DENIED or event.action in SESSIONS:
        return None
    return f"{PROFILES}{'Patient' if event.person else ''}{KINDS[kind][0]}"


def _type_of(event: EventView, kind: str) -> Json:
    own = _coding("urn:kangqiao:action", event.action, event.action)
    if event.action in SESSIONS:
        return {
            "type": _coding(DICOM, "110114", "User Authentication"),
            "subtype": [_coding(DICOM, *SESSIONS[event.action]), own],
        }
    interaction = KINDS[kind][1]
    return {
        "type": _coding(f"{TERMINOLOGY}/audit-event-type", "rest", "Restful Operation"),
        "subtype": [_coding(INTERACTIONS, interaction, interaction), own],
    }


def _outcome(event: EventView) -> Json:
    if event.outcome is Outcome.ALLOWED:
        return {"outcome": "0"}
    return {"outcome": "8", "outcomeDesc": "Denied by policy"}


def _agents(event: EventView, kind: str, system: str) -> list[Json]:
    """The client, this server and the user. BALP calls the side that data flows from the source."""
    source = _concept(DICOM, "110153", "Source Role ID")
    destination = _concept(DICOM, "110152", "Destination Role ID")
    client: Json = {
        "type": destination if kind == "R" else source,
        "who": {"identifier": {"value": event.channel}},
        "requestor": event.who is None,
        "network": {"address": event.address or "unknown", "type": NETWORK_ADDRESS},
    }
    server: Json = {
        "type": source if kind == "R" else destination,
        "who": _device(system),
        "requestor": False,
        "network": {"address": system, "type": "5"},
    }
    agents = [client, server] + ([_user(event, event.who, kind)] if event.who else [])
    return agents + ([_delegator(event.acting_for)] if event.acting_for else [])


def _user(event: EventView, who: Who, kind: str) -> Json:
    code = ("IRCP", "information recipient") if kind == "R" else ("AUT", "author (originator)")
    user: Json = {
        "type": _concept(f"{TERMINOLOGY}/v3-ParticipationType", *code),
        "who": {"identifier": {"value": str(who.id)}, "display": who.name},
        "name": who.name,
        "requestor": True,
    }
    roles = [_concept("urn:kangqiao:role", role, role) for role in _roles(who)]
    policies = [f"urn:kangqiao:policy:{policy}" for policy in event.policies]
    return user | ({"role": roles} if roles else {}) | ({"policy": policies} if policies else {})


def _delegator(person: Subject) -> Json:
    """For whom the user acted: R4 has no "on behalf of", so they are an agent of their own."""
    return {
        "type": _concept(f"{TERMINOLOGY}/v3-RoleCode", "DELEGATOR", "delegator"),
        "who": _patient(person),
        "requestor": False,
    }


def _patient(person: Subject) -> Json:
    return {"reference": f"Patient/{person.id}", "type": "Patient"}


def _roles(who: Who) -> list[str]:
    return sorted({grant.role.value for grant in who.roles})


def _entities(event: EventView, system: str) -> list[Json]:
    entities: list[Json] = [
        {
            "what": {"identifier": {"system": f"{system}/{event.resource_type}",
                                    "value": event.resource_id}},
            "type": _coding(f"{TERMINOLOGY}/audit-entity-type", "2", "System Object"),
            "role": _coding(f"{TERMINOLOGY}/object-role", "4", "Domain Resource"),
        }
    ]  # fmt: skip
    if event.person:
        entities.append(
            {
                "what": _patient(event.person),
                "type": _coding(f"{TERMINOLOGY}/audit-entity-type", "1", "Person"),
                "role": _coding(f"{TERMINOLOGY}/object-role", "1", "Patient"),
            }
        )
    if event.request_id:
        entities.append(
            {
                "what": {"identifier": {"value": event.request_id}},
                "type": _coding(BALP_ENTITIES, "XrequestId", "X-Request-Id"),
            }
        )
    return entities


def _device(system: str) -> Json:
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": system}, "display": system}


def _coding(system: str, code: str, display: str) -> Json:
    return {"system": system, "code": code, "display": display}


def _concept(system: str, code: str, display: str) -> Json:
    return {"coding": [_coding(system, code, display)]}
