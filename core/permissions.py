"""Permissions in plain words: every action and every policy of the rooms has its sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


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


def action_words(action: str) -> str:
    """What an action does; its name where nobody has words for it (any more)."""
    return _actions.get(action, action)


def policy_words(policy: str) -> str:
    """What a policy says; its id where nobody has words for it (any more)."""
    return _policies.get(policy, policy)
