"""Access decisions: Cedar policies, one file a room, default deny, every decision audited."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import cedarpy
from sqlalchemy.orm import Session

from core import audit, clock
from core.errors import Denied, StepUpRequired
from core.permissions import forbidden, not_granted
from core.policies import Policy, PolicyError, policy_set, read_policies
from core.roles import GRANTED_ROLES, Role

__all__ = [
    "GRANTED_ROLES",
    "NOBODY",
    "STEP_UP",
    "Actor",
    "Demand",
    "Demands",
    "PolicyBook",
    "PolicyError",
    "Resource",
    "Role",
    "admit",
    "book",
    "decide",
    "open_book",
    "provide_demands",
    "require",
]

SCHEMA_FILE = Path(__file__).with_name("access.cedarschema")
# What the audit names where the policies allow and only the sign-in is not good enough.
STEP_UP = "core.step-up"
NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Actor:
    """Who is asking, for whom, and through which channel. Built at the edge, passed everywhere.

    ``grants`` maps each role to the units it holds on: division codes, institution or team ids.
    """

    account_id: UUID
    name: str = ""
    person_id: UUID | None = None
    verified: bool = False
    grants: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    # How surely the session knows who this is (auth.claims.Assurance), and since when.
    assurance: int = 1
    authenticated_at: datetime | None = None
    # When the session was last noted to be in use.
    last_seen_at: datetime | None = None
    acting_for: UUID | None = None
    session_id: UUID | None = None
    active_role: Role = Role.RESIDENT
    channel: str = "web"
    address: str = ""
    request_id: str = ""
    # A digest of the browser's own long-lived cookie; none of callers that have none.
    device: bytes = b""
    # The request only shows something, so the audit says that an action was looked at, not done.
    looking: bool = False

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles this actor can switch between, residents' first."""
        own = (Role.RESIDENT,) if self.person_id else ()
        return own + tuple(role for role in GRANTED_ROLES if self.grants.get(role))

    def units(self, *roles: Role) -> frozenset[str]:
        """The units on which any of ``roles`` was granted, for the SQL of list queries."""
        return frozenset().union(*(self.grants.get(role, frozenset()) for role in roles))

    def at_a_desk(self, *roles: Role) -> bool:
        """Whether any of ``roles`` is held on an institution or team itself, where people come to,
        and not only on a division above.
        """
        return not all(unit.isdigit() for unit in self.units(*roles))

    @cached_property
    def entities(self) -> cedarpy.Entities:
        """This actor as Cedar knows it; parsed once for all decisions of a request."""
        attributes: dict[str, object] = {
            role.value: sorted(self.grants.get(role, ())) for role in GRANTED_ROLES
        }
        attributes |= {"person": str(self.person_id or ""), "verified": self.verified}
        uid = {"type": "Account", "id": str(self.account_id)}
        entity = {"uid": uid, "attrs": attributes, "parents": []}
        return cedarpy.Entities.from_json_str(json.dumps([entity]))


@dataclass(frozen=True, slots=True)
class Resource:
    """What is asked for: its type and id, whose data it is, and the units it lies in.

    ``units`` runs from the nearest (team, institution) through all divisions above it.
    """

    type: str
    id: str
    person_id: UUID | None = None
    units: tuple[str, ...] = ()
    more: Mapping[str, object] = field(default_factory=dict)

    def entity(self) -> dict[str, object]:
        """This resource as a Cedar entity."""
        attributes = {"person": str(self.person_id or ""), "units": list(self.units), **self.more}
        return {"uid": {"type": self.type, "id": self.id}, "attrs": attributes, "parents": []}


@dataclass(frozen=True, slots=True)
class Demand:
    """How surely (``assurance``, named ``acr``) and how lately somebody must have proved who they
    are; None is however long ago.
    """

    assurance: int
    acr: str
    fresh: timedelta | None = None

    def met_by(self, actor: Actor) -> bool:
        """Whether the actor's session is good enough now."""
        if actor.assurance < self.assurance:
            return False
        if self.fresh is None:
            return True
        since = actor.authenticated_at
        return since is not None and clock.now() - since <= self.fresh


# What an action demands of an actor; None is nothing more than a session.
Demands: TypeAlias = Callable[[Session, Actor, str], Demand | None]


class PolicyBook:
    """All rooms' policies, parsed and validated once."""

    def __init__(self, room_directories: Iterable[Path]) -> None:
        directories = list(room_directories)
        schema = [SCHEMA_FILE.read_text(encoding="utf-8")]
        schema += [_text(directory / "schema.cedarschema") for directory in directories]
        policies = "\n".join(_text(directory / "policy.cedar") for directory in directories)
        self._schema = cedarpy.Schema.from_str("\n".join(schema))
        verdict = cedarpy.validate_policies(policies, self._schema)
        if not verdict.validation_passed:
            raise PolicyError("; ".join(str(error) for error in verdict.errors))
        self.policies = read_policies(policies)
        # By action, as Cedar's time grows with every policy that it is given.
        by_action: dict[str, list[Policy]] = {}
        for policy in self.policies:
            for action in policy.actions:
                by_action.setdefault(action, []).append(policy)
        self._all = {action: policy_set(some) for action, some in by_action.items()}
        self._permitting = {
            action: policy_set(policy for policy in some if policy.permits)
            for action, some in by_action.items()
        }

    def permitting(self, action: str) -> list[Policy]:
        """The policies by which somebody may do this."""
        return [policy for policy in self.policies if policy.permits and action in policy.actions]

    def decide(self, actor: Actor, action: str, resource: Resource) -> tuple[bool, list[str]]:
        """Whether ``actor`` may, and the ids of the policies that said so. Any error denies."""
        return _ask(self._all.get(action), actor, action, resource)

    def explain(
        self, actor: Actor, action: str, resource: Resource, policies: Sequence[str]
    ) -> Denied:
        """The refusal of what ``policies`` forbid or nothing permits, in plain words.

        What forbids is told only to those who could do it otherwise: the condition of a forbidding
        policy may say something of a thing that the asker may not know of.
        """
        if policies and _ask(self._permitting.get(action), actor, action, resource)[0]:
            return forbidden(action, policies[0])
        return not_granted(action, self.permitting(action))


def _ask(
    policies: cedarpy.PolicySet | None, actor: Actor, action: str, resource: Resource
) -> tuple[bool, list[str]]:
    if policies is None:
        return False, []
    request = {
        "principal": {"type": "Account", "id": str(actor.account_id)},
        "action": {"type": "Action", "id": action},
        "resource": {"type": resource.type, "id": resource.id},
        "context": "{}",
    }
    entities = actor.entities.with_added_json_str(json.dumps([resource.entity()]))
    result = cedarpy.is_authorized(request, policies, entities)
    said = result.diagnostics
    return result.decision is cedarpy.Decision.Allow and not said.errors, list(said.reasons)


_book: PolicyBook | None = None
_demands: Demands | None = None
_of_roles: Demand | None = None


def open_book(book: PolicyBook) -> None:
    """Make ``book`` the policies of this process."""
    global _book
    _book = book


def provide_demands(demands: Demands, of_roles: Demand) -> None:
    """Register what actions demand beyond the policies, and what is demanded of whoever holds a
    role: this room knows no way to sign in.
    """
    global _demands, _of_roles
    _demands, _of_roles = demands, of_roles


def admit(actor: Actor) -> None:
    """At the door of a page for some roles only. Raises StepUpRequired."""
    if actor.session_id and _of_roles and not _of_roles.met_by(actor):
        raise StepUpRequired(_of_roles.acr, _of_roles.fresh)


def book() -> PolicyBook:
    """The policies of this process. Raises RuntimeError before ``open_book``."""
    if _book is None:
        raise RuntimeError("no policies are open: create the app first")
    return _book


def decide(actor: Actor, action: str, resource: Resource) -> tuple[bool, list[str]]:
    """A decision without audit: for showing or hiding a button, never for guarding data."""
    return _book.decide(actor, action, resource) if _book else (False, [])


def require(session: Session, actor: Actor, action: str, resource: Resource) -> None:
    """Let the actor pass or raise Denied; either way the audit gets its event.

    Raises StepUpRequired, a Denied too, where only a better or newer proof of the actor is missing.
    """
    allowed, policies = decide(actor, action, resource)
    demand = _demands(session, actor, action) if allowed and _demands else None
    refusal: Denied | None = None
    if demand and not demand.met_by(actor):
        allowed, policies = False, [STEP_UP]
        refusal = StepUpRequired(demand.acr, demand.fresh)
    event = audit.row(
        None if actor.account_id == NOBODY else actor.account_id,
        action,
        resource.type,
        resource.id,
        person_id=resource.person_id,
        acting_for=actor.acting_for,
        outcome="allowed" if allowed else "denied",
        policies=policies,
        channel=actor.channel,
        address=actor.address,
        request_id=actor.request_id,
        looked=actor.looking,
    )
    if allowed:
        audit.note(session, event)
        return
    if refusal is None:
        refusal = _book.explain(actor, action, resource, policies) if _book else Denied()
    refusal.audit_row = event
    raise refusal


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""
