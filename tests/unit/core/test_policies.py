"""What is read from the policies beforehand is what Cedar decides afterwards."""

from itertools import product

import pytest

from core.access import NOBODY, Actor, PolicyBook, Resource, Role
from core.ids import new_id
from core.permissions import forbidden, not_granted, role_required
from core.policies import PolicyError, read_policies
from core.roles import GRANTED_ROLES, GRANTERS
from portal.factory import ROOM_NAMES, ROOT

DIVISION, INSTITUTION = "990102", "01900000-0000-7000-8000-000000000001"
HERE = (INSTITUTION, DIVISION, "990100")


@pytest.fixture(scope="module")
def book() -> PolicyBook:
    """The policies of all rooms."""
    return PolicyBook([ROOT / name for name in ROOM_NAMES])


def things(actor: Actor, *, own: bool) -> list[Resource]:
    """Things of every kind: whose data they are, in which state, for which role."""
    holder = actor.account_id if own else NOBODY
    people = (actor.person_id,) if own else (None, new_id())
    return [
        Resource(
            "Thing",
            "1",
            person,
            HERE,
            {
                "care": list(HERE),
                "desk": list(HERE),
                "shared": True,
                "kin": [],
                "patient": True,
                "pool": pool,
                "from_teams": list(HERE),
                "from_desks": list(HERE),
                "to_teams": list(HERE),
                "to_desks": list(HERE),
                "divisions": list(HERE[1:]),
                "holders": [INSTITUTION],
                "account": {"__entity": {"type": "Account", "id": str(NOBODY)}},
                "about": {"__entity": {"type": "Account", "id": str(NOBODY)}},
                "begun_by": {"__entity": {"type": "Account", "id": str(NOBODY)}},
                "confirmed_by": {"__entity": {"type": "Account", "id": str(NOBODY)}},
                "guards": guards,
                "holder": {"__entity": {"type": "Account", "id": str(holder)}},
                "one_hand": False,
                "role": str(role),
            },
        )
        for person, guards, role, pool in product(
            people, (False, True), Role, ("public", "family_doctor", "onsite")
        )
    ]


def may(book: PolicyBook, actor: Actor, action: str, *, own: bool = False) -> bool:
    return any(book.decide(actor, action, thing)[0] for thing in things(actor, own=own))


@pytest.mark.parametrize("role", GRANTED_ROLES)
@pytest.mark.parametrize("unit", [DIVISION, INSTITUTION])
def test_a_role_counts_for_an_action_where_cedar_lets_it_do_something(
    book: PolicyBook, role: Role, unit: str
) -> None:
    actor = Actor(new_id(), grants={role: frozenset({unit})})
    for action in {name for policy in book.policies for name in policy.actions}:
        read = any(policy.counts(role, unit) for policy in book.permitting(action))
        alone = Actor(new_id())
        does = any(
            may(book, actor, action, own=own) and not may(book, alone, action, own=own)
            for own in (False, True)
        )
        assert read == does, action


def test_what_no_role_is_needed_for_is_done_by_oneself(book: PolicyBook) -> None:
    for verified in (False, True):
        person = Actor(new_id(), person_id=new_id() if verified else None, verified=verified)
        for action in {name for policy in book.policies for name in policy.actions}:
            if may(book, person, action, own=True):
                assert any(not policy.roles for policy in book.permitting(action)), action


def test_the_giver_of_a_role_is_whom_the_policies_let_give_it(book: PolicyBook) -> None:
    for role, granter in product(GRANTED_ROLES, (Role.ADMINISTRATOR, Role.SECURITY)):
        actor = Actor(new_id(), grants={granter: frozenset({DIVISION})})
        holding = next(thing for thing in things(actor, own=False) if thing.more["role"] == role)
        gives = [
            book.decide(actor, action, holding)[0]
            for action in ("auth:grant-role", "auth:grant-by-roster")
        ]
        assert any(gives) is (GRANTERS[role] is granter), (role, granter)


@pytest.mark.parametrize(
    "text",
    [
        'permit (principal, action == Action::"a:b", resource);',
        '@id("a.b") permit (principal, action, resource);',
        '@id("a.b") permit (principal, action == Action::"a:b", resource);' * 2,
    ],
)
def test_a_policy_has_its_own_id_and_names_its_actions(text: str) -> None:
    with pytest.raises(PolicyError):
        read_policies(text)


def test_a_refusal_says_who_can_grant_it(book: PolicyBook) -> None:
    refusal = not_granted("gov_stats:read", book.permitting("gov_stats:read"))
    granters = refusal.message.values["granters"]
    assert isinstance(granters, list)
    assert [str(name) for name in granters] == ["管理员", "安全管理员"]
    assert (refusal.action, refusal.reason) == ("gov_stats:read", "not_granted")
    own = not_granted("payments:read", book.permitting("payments:read"))
    assert own.reason == "only_oneself"
    assert role_required([Role.AUDITOR]).reason == "role_required"
    assert forbidden("auth:grant-role", "auth.not-to-oneself").reason == "auth.not-to-oneself"
