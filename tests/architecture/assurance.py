"""docs/security/assurance.md, made from the one table; write it anew with
`python -m tests.architecture.assurance`.
"""

from pathlib import Path

from auth.assurance import (
    FRESH,
    OWN_ACTIONS,
    SENSITIVE_ACTIONS,
    SIGNING,
    STAFF,
    assurance_of,
)
from auth.claims import Assurance, Method
from core.access import Demand

FILE = Path(__file__).resolve().parents[2] / "docs" / "security" / "assurance.md"
LEVELS = {
    Assurance.ONE_FACTOR: "one factor",
    Assurance.TWO_FACTORS: "two factors",
    Assurance.PHISHING_RESISTANT: "phishing-resistant",
}
PROOFS = (
    (Method.SMS,),
    (Method.PASSWORD,),
    (Method.PASSWORD, Method.SMS),
    (Method.PASSWORD, Method.ONE_TIME_CODE),
    (Method.PASSWORD, Method.RECOVERY_CODE),
    (Method.SMS, Method.ONE_TIME_CODE),
    (Method.PASSKEY,),
)
HEAD = """# How surely, and how lately

Made from `auth/assurance.py` by `python -m tests.architecture.assurance`; a test holds it current.
`core.access.require` asks the table for every action that the policies allow. What is missing is
answered with `step_up_required` (API, with `acr_values` and `max_age`, RFC 9470) or with the page
that asks again and leads back. A token of the console (`flask token issue`) has no session and
meets all.

## What proofs are worth

| proved by | level | `acr` |
|---|---|---|
"""
ACTIONS = """
## What actions demand

| action | level | not older than |
|---|---|---|
"""


def document() -> str:
    """The whole page."""
    lines = [HEAD]
    for proofs in PROOFS:
        level = assurance_of(proofs)
        names = " and ".join(f"`{proof}`" for proof in proofs)
        lines.append(f"| {names} | {LEVELS[level]} | `{level.acr}` |\n")
    lines.append(ACTIONS)
    lines += [f"| `{action}` | {_demand(demand)} |\n" for action, demand in _sensitive()]
    strongest = "as strong as the account has means for, two factors at most"
    lines += [f"| `{action}` | {strongest} | {_minutes()} |\n" for action in sorted(OWN_ACTIONS)]
    in_hand = ", ".join(f"`{method}`" for method in SIGNING)
    lines.append(
        f"| to sign an agreement | {strongest}; by {in_hand} or two factors | {_minutes()} |\n"
    )
    lines.append(f"| any other action of whoever holds a role | {_demand(STAFF)} |\n")
    lines.append("| any other action of a resident | one factor | the session |\n")
    return "".join(lines)


def _sensitive() -> list[tuple[str, Demand]]:
    return sorted(SENSITIVE_ACTIONS.items())


def _demand(demand: Demand) -> str:
    age = _minutes() if demand.fresh else "the session"
    return f"{LEVELS[Assurance(demand.assurance)]} | {age}"


def _minutes() -> str:
    return f"{FRESH.total_seconds() / 60:.0f} minutes"


if __name__ == "__main__":
    FILE.write_text(document(), encoding="utf-8")
