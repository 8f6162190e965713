"""Policies as they were written: which actions each is about, and which of the asker's roles count.

Cedar decides; this reads its syntax tree for what people want to know beforehand: who may do what,
by which policy.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cedarpy

from core.roles import GRANTED_ROLES, Role

PRINCIPAL = {"Var": "principal"}
# The attribute of a resource that holds only the divisions it lies in, without its institution.
DIVISIONS = "divisions"
# The attribute that holds only the team and the institution, without the divisions.
HOLDERS = "holders"


class PolicyError(Exception):
    """The policies do not fit the schema or the house's rules; the portal must not start."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy. ``roles`` maps each role that it looks at to the attribute of the resource that
    the role's units are compared with; without any, it is about oneself.
    """

    id: str
    permits: bool
    actions: frozenset[str]
    roles: Mapping[Role, str]
    syntax: Mapping[str, Any]

    def counts(self, role: Role, unit: str) -> bool:
        """Whether the role on this unit can ever be what the policy asks for."""
        compared = self.roles.get(role)
        if compared in (DIVISIONS, HOLDERS):
            return is_division(unit) is (compared == DIVISIONS)
        return compared is not None


def is_division(unit: str) -> bool:
    """Whether a unit's code is a division's; institutions and teams have ids."""
    return unit.isdigit()


def read_policies(text: str) -> tuple[Policy, ...]:
    """The policies of a Cedar text, in its order. Raises PolicyError."""
    written = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    policies = tuple(_policy(syntax) for syntax in written.values())
    if len({policy.id for policy in policies}) < len(policies):
        raise PolicyError("two policies have the same @id")
    return policies


def policy_set(policies: Iterable[Policy]) -> cedarpy.PolicySet:
    """These policies, ready to decide."""
    syntax = {policy.id: policy.syntax for policy in policies}
    return cedarpy.PolicySet.from_json_str(
        json.dumps({"templates": {}, "staticPolicies": syntax, "templateLinks": []})
    )


def _policy(syntax: Mapping[str, Any]) -> Policy:
    name = syntax.get("annotations", {}).get("id", "")
    if not name or syntax["action"]["op"] == "All":
        raise PolicyError(f"policy {name!r}: each has an @id and names its actions")
    permits = syntax["effect"] == "permit"
    bodies = [condition["body"] for condition in syntax["conditions"]]
    return Policy(
        id=name,
        permits=permits,
        actions=frozenset(_actions(syntax["action"])),
        roles=dict(_roles(bodies)) if permits else {},
        syntax=syntax,
    )


def _actions(scope: Mapping[str, Any]) -> Iterator[str]:
    named = scope.get("entities") or [scope["entity"]]
    yield from (entity["id"] for entity in named)


def _roles(node: Any) -> Iterator[tuple[Role, str]]:
    """Each ``principal.<role>.containsAny(resource.<attribute>)`` below a node."""
    if isinstance(node, list):
        for each in node:
            yield from _roles(each)
        return
    if not isinstance(node, dict):
        return
    if call := node.get("containsAny"):
        role, units = call["left"].get(".", {}), call["right"].get(".", {})
        if role.get("left") == PRINCIPAL and role["attr"] in GRANTED_ROLES and units:
            yield Role(role["attr"]), units["attr"]
    yield from _roles(list(node.values()))
