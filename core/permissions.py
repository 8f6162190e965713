"""Permissions in plain words: every action and every policy of the rooms has its sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.errors import Denied
from core.messages import N_, Message
from core.policies import Policy
from core.roles import GRANTERS, ROLE_NAMES, Role

NOT_GRANTED = N_("您没有“%(action)s”的权限。可由本单位或上级单位的%(granters)s授予。")
ONLY_ONESELF = N_("您没有“%(action)s”的权限。这一项只能由完成实名认证的本人办理。")
NO_ROLE = N_("这里供%(roles)s使用，您没有这个角色。可由本单位或上级单位的%(granters)s授予。")


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences, marked for translation: an action's by its name, a policy's by its id.

    An action reads as what somebody does ("查看预约"); a policy says who may, or why nobody may.
    """

    actions: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)


_actions: dict[str, str] = {}
_policies: dict[str, str] = {}


def provide_words(rooms: Iterable[Words]) -> None:
    """Register the rooms' sentences; called once by the factory."""
    for words in rooms:
        _actions.update(words.actions)
        _policies.update(words.policies)


def known_actions() -> Mapping[str, str]:
    """Every action with its sentence."""
    return _actions


def action_words(action: str) -> str:
    """What an action does; its name where nobody has words for it (any more)."""
    return _actions.get(action, action)


def policy_words(policy: str) -> str:
    """What a policy says; its id where nobody has words for it (any more)."""
    return _policies.get(policy, policy)


def forbidden(action: str, policy: str) -> Denied:
    """The refusal of what a policy forbids, by the policy's own words."""
    return Denied(message=Message(policy_words(policy)), action=action, reason=policy)


def not_granted(action: str, permitting: Iterable[Policy]) -> Denied:
    """The refusal of what no policy permits; says who could grant it, and nothing of the thing."""
    roles = {role for policy in permitting for role in policy.roles}
    words = Message(action_words(action))
    if not roles:
        message = Message(ONLY_ONESELF, {"action": words})
        return Denied(message=message, action=action, reason="only_oneself")
    message = Message(NOT_GRANTED, {"action": words, "granters": _granters(roles)})
    return Denied(message=message, action=action)


def role_required(roles: Iterable[Role]) -> Denied:
    """The refusal of a page that is for other roles."""
    wanted = list(roles)
    names = [Message(ROLE_NAMES[role]) for role in wanted]
    message = Message(NO_ROLE, {"roles": names, "granters": _granters(wanted)})
    return Denied(message=message, reason="role_required")


def _granters(roles: Iterable[Role]) -> list[Message]:
    granters = {GRANTERS[role] for role in roles if role in GRANTERS}
    return [Message(ROLE_NAMES[role]) for role in Role if role in granters]
