"""Whatever can be asked of the policy has its plain words; so has every policy."""

import re

from audit.words import ACTIONS, POLICIES, ROLES
from core.access import Role
from portal.factory import ROOM_NAMES, ROOT

# Noted by the sign-in itself, which asks no policy.
WITHOUT_POLICY = {"auth:sign-in", "auth:sign-out"}


def found(file: str, pattern: str) -> set[str]:
    """What the rooms' files of this name say."""
    texts = [ROOT / room / file for room in ROOM_NAMES]
    return {
        match for text in texts if text.exists() for match in re.findall(pattern, text.read_text())
    }


def test_every_action_has_its_words() -> None:
    actions = found("schema.cedarschema", r'"([a-z_]+:[a-z-]+)"')
    assert actions | WITHOUT_POLICY == ACTIONS.keys()


def test_every_policy_has_its_words() -> None:
    assert found("policy.cedar", r'@id\("([^"]+)"\)') == POLICIES.keys()


def test_every_role_has_its_words() -> None:
    assert ROLES.keys() == set(Role)
