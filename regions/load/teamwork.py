"""The demo team's division of work: who looks after whom, a few with nobody, one who is away."""

from datetime import date, datetime, timedelta
from random import Random

from core import crypto
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.organisation import Team

_UNASSIGNED = 3
_NOTE = "（示例）按村屯分工，高血压和糖尿病居民请按月随访，有事先打电话。"
_SIGNED = """
SELECT contract.id, contract.starts_on FROM family_doctor_contract AS contract
JOIN residents_person AS person ON person.id = contract.person_id
LEFT JOIN residents_household AS home ON home.id = person.household_id
WHERE contract.team_id = %(team)s
AND contract.state IN ('active', 'change_requested', 'expiring')
ORDER BY home.village_name, contract.id
"""
_ACCOUNT = "SELECT account_id, id FROM directory_staff WHERE id = %(staff)s"


def load_teamwork(bulk: Bulk, team: Team, *, now: datetime, today: date, seed: int) -> None:
    """Give the team's residents to its members, neighbours to the same one."""
    ids = Identifiers(Random(f"{seed}/teamwork"))
    leader, members = team.members[0], team.members[1:]
    [(account, _)] = bulk.rows(_ACCOUNT, {"staff": leader.id})
    signed = [row[0] for row in bulk.rows(_SIGNED, {"team": team.id})][:-_UNASSIGNED]
    each = -(-len(signed) // len(members)) or 1
    shares = [signed[start : start + each] for start in range(0, len(signed), each)]
    at = now - timedelta(days=30)
    given = [
        (ids.new(), member, share) for member, share in zip(members, shares, strict=False) if share
    ]
    bulk.copy(
        "family_doctor_handover",
        ("id", "team_id", "to_staff_id", "to_name", "residents", "note", "at", "account_id",
         "by_name"),
        [
            (made, team.id, member.id, member.name, len(share),
             crypto.encrypt(_NOTE, "family_doctor_handover.note"), at, account, leader.name)
            for made, member, share in given
        ],
    )  # fmt: skip
    bulk.copy(
        "family_doctor_assignment",
        ("id", "contract_id", "team_id", "staff_id", "staff_name", "handover_id", "since",
         "told_at"),
        [
            (ids.new(), contract, team.id, member.id, member.name, made, at, at)
            for made, member, share in given
            for contract in share
        ],
    )  # fmt: skip
    away, substitute = members[-1], members[0]
    bulk.copy(
        "family_doctor_absence",
        ("id", "team_id", "staff_id", "staff_name", "substitute_id", "substitute_name",
         "starts_on", "ends_on", "recorded_at", "account_id"),
        [
            (ids.new(), team.id, away.id, away.name, substitute.id, substitute.name,
             today + timedelta(days=3), today + timedelta(days=7), now, account)
        ],
    )  # fmt: skip
